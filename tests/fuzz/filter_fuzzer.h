// What the fuzzer's entry shows its driver.
#pragma once

#include <cstddef>
#include <cstdint>

/// libFuzzer's entry: tries one input, and aborts when something is wrong with what came of it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

/// How often bytes were accepted as a filter.
extern size_t filters_accepted;
