// Random tests say their seed, so that a failure can be repeated: SANDBOX_RUN_TEST_SEED=N.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <random>

namespace sandbox::testing {

/// The seed from the environment, else a fresh one; printed either way.
inline uint64_t test_seed() {
  const char* given = std::getenv("SANDBOX_RUN_TEST_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device()();
  std::printf("SANDBOX_RUN_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  return seed;
}

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  /// From 0 to `end` - 1.
  size_t below(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(engine_); }
  bool one_in(size_t n) { return below(n) == 0; }
  uint64_t bits() { return engine_(); }

  template <typename Container>
  const auto& any_of(const Container& container) {
    return container[below(std::size(container))];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace sandbox::testing
