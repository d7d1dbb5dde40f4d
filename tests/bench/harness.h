// What the programs that measure share: options, one core, an order that differs in every round, and statistics.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace sandbox::bench {

/// What every measuring program takes: PROGRAM [--rounds N] [--seed N] < COLUMNS. Prints a usage line and exits on
/// anything else.
struct Options {
  unsigned rounds = 300;
  uint64_t seed = 0;  ///< Drawn if it is not given.
};
Options parse_options(int argc, char** argv);

/// Lines of fields with tabs between them, from standard input: each describes one thing to be measured. Exits if a
/// line has fewer fields than `at_least`.
std::vector<std::vector<std::string>> read_columns(size_t at_least);

/// Keeps this process and its children on one core: the last that it may use, because the first one gets most of the
/// interrupts. Exits if the kernel refuses.
void pin_to_one_core();

/// Microseconds of a clock that no one sets.
double now();

/// 0 to count-1 in an order that is different in each round, so that the traces of a measurement (caches, work
/// that the kernel puts off) meets all others alike.
std::vector<size_t> shuffled(size_t count, std::mt19937_64& random);

/// Summary of some samples, which are sorted by it.
struct Summary {
  double median = 0;
  double minimum = 0;
  double quartile1 = 0;
  double quartile3 = 0;
};
Summary summarize(std::vector<double>& samples);

/// Prints NAME COUNT MEDIAN MINIMUM QUARTILE1 QUARTILE3, with tabs between them.
void print_summary(const std::string& name, std::vector<double>& samples);

[[noreturn]] void fail(const std::string& message);

}  // namespace sandbox::bench
