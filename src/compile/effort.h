// How long a compilation may look for a good program.
#pragma once

#include <cstdint>

namespace sandbox::compile {

enum class Effort : uint8_t {
  kQuick,  ///< For a launch, which waits for it.
  kBest,   ///< For a program that is compiled once and used often.
};

}  // namespace sandbox::compile
