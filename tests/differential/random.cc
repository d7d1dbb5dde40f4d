#include "random.h"

#include <cstdio>
#include <cstdlib>

namespace sandbox::differential {

uint64_t run_seed() {
  const char* given = std::getenv("SANDBOX_RUN_TEST_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device{}();
  std::printf("SANDBOX_RUN_TEST_SEED=%llu repeats this run\n", static_cast<unsigned long long>(seed));
  return seed;
}

size_t policy_count(size_t by_default) {
  const char* given = std::getenv("SANDBOX_RUN_TEST_POLICIES");
  return given != nullptr ? std::strtoull(given, nullptr, 0) : by_default;
}

}  // namespace sandbox::differential
