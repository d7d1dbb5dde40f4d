// Randomness that can be repeated: every test prints its seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace sandbox::differential {

/// The seed of this run: SANDBOX_RUN_TEST_SEED, or a fresh one. It has been printed.
uint64_t run_seed();

/// How many random policies a test tries: SANDBOX_RUN_TEST_POLICIES, or `by_default`.
size_t policy_count(size_t by_default);

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  uint64_t bits() { return engine_(); }
  /// A number from 0 to `count` - 1.
  size_t below(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(engine_); }
  size_t between(size_t low, size_t high) { return low + below(high - low + 1); }
  /// True one time in `count`.
  bool one_in(size_t count) { return below(count) == 0; }

  template <typename T>
  const T& pick(const std::vector<T>& items) {
    return items[below(items.size())];
  }

 private:
  std::mt19937_64 engine_;
};

/// The generator of one policy of a run: runs with neighbouring seeds have nothing in common.
inline Random nth_random(uint64_t run, size_t index) {
  return Random(run * 0x9e3779b97f4a7c15 + index);
}

}  // namespace sandbox::differential
