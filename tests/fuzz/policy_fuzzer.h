// What the fuzzer's entry shows its driver.
#pragma once

#include <cstddef>
#include <cstdint>

/// libFuzzer's entry: tries one input, and aborts when something is wrong with what came of it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

/// How often a policy was accepted for an ABI, so that its program was compared with the evaluator.
extern size_t policies_compared;
