// load_times [--rounds N] [--seed N] < COLUMNS: how long seccomp(2) takes to install a filter, in microseconds.
//
// A column is NAME, FILE...: raw filters, loaded one after the other. Every measurement has a process of its own,
// forked for it, because a filter cannot be taken away again, and every further one costs more.
#include <sys/mman.h>
#include <sys/wait.h>

#include <string>
#include <vector>

#include "harness.h"
#include "raw_filter.h"

namespace sandbox::bench {
namespace {

struct Column {
  std::string name;
  std::vector<raw_filter> filters;
  std::vector<double> times;
};

/// In a child: microseconds, or -1. What the clock and the filters touch is touched before.
double load(std::vector<raw_filter>& filters) {
  if (set_no_new_privs() != 0) return -1;
  unsigned touched = 0;
  for (raw_filter& filter : filters) {
    volatile sock_filter* instructions = filter.instructions;
    for (size_t i = 0; i < filter.length; ++i) touched += instructions[i].k;
  }
  volatile unsigned sink = touched;
  static_cast<void>(sink);
  static_cast<void>(now());
  const double start = now();
  for (raw_filter& filter : filters) {
    if (load_raw_filter(&filter) != 0) return -1;
  }
  return now() - start;
}

double measure_in_child(Column& column, volatile double* shared) {
  *shared = -1;
  const pid_t child = fork();
  if (child < 0) fail("fork failed");
  if (child == 0) {
    *shared = load(column.filters);
    _exit(0);  // Every filter that is measured here allows it.
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0 || *shared < 0) fail(column.name + ": cannot be loaded");
  return *shared;
}

void measure(const Options& options) {
  std::vector<Column> columns;
  for (const auto& fields : read_columns(2)) {
    Column& column = columns.emplace_back();
    column.name = fields[0];
    for (size_t i = 1; i < fields.size(); ++i) {
      if (read_raw_filter(fields[i].c_str(), &column.filters.emplace_back()) != 0) fail(fields[i] + ": not a filter");
    }
  }
  void* page = mmap(nullptr, sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) fail("mmap failed");
  std::mt19937_64 random(options.seed);
  for (unsigned round = 0; round < options.rounds; ++round) {
    for (const size_t index : shuffled(columns.size(), random)) {
      columns[index].times.push_back(measure_in_child(columns[index], static_cast<double*>(page)));
    }
  }
  for (Column& column : columns) print_summary(column.name, column.times);
}

}  // namespace
}  // namespace sandbox::bench

int main(int argc, char** argv) {
  sandbox::bench::pin_to_one_core();
  sandbox::bench::measure(sandbox::bench::parse_options(argc, argv));
}
