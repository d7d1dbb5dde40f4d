// call_costs [--rounds N] [--seed N] < COLUMNS: what system calls cost under a filter, in nanoseconds, at best.
//
// A column is NAME, FILE or '-' for no filter, 'refuses' or 'allows': whether the filter is policy c's. Four calls,
// each chosen to do next to nothing in the kernel, so that the filter shows:
//
//   getppid            allowed regardless of its arguments: the kernel need not run the filter
//   socket(AF_UNIX)    allowed for its argument; the bad type ends it with EINVAL
//   socket(AF_INET)    refused for its argument
//   getpmsg            refused; no kernel has it, ENOSYS is what it gives without the filter
//
// In each round each filter gets a process of its own, in an order drawn anew; a call is timed in batches, and the
// fastest batch of all rounds counts: whatever else the machine does can only add.
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "harness.h"
#include "raw_filter.h"

namespace sandbox::bench {
namespace {

constexpr int kBadType = 0x7ffff000;
constexpr int kCallsInBatch = 2000;
constexpr int kBatches = 20;

/// Each is a function, so that the loop around it is the same for all.
long cached() {
  return syscall(SYS_getppid);
}
long allowed_by_argument() {
  return syscall(SYS_socket, AF_UNIX, kBadType, 0);
}
long refused_by_argument() {
  return syscall(SYS_socket, AF_INET, kBadType, 0);
}
long refused() {
  return syscall(SYS_getpmsg);
}

struct Call {
  long (*make)();
  bool policy_refuses;
};
constexpr std::array<Call, 4> kCalls = {
    {{cached, false}, {allowed_by_argument, false}, {refused_by_argument, true}, {refused, true}}};
using Costs = std::array<double, kCalls.size()>;

struct Column {
  std::string name;
  bool filtered = false;
  bool refuses = false;
  raw_filter filter;
  Costs costs;
};

/// Whether the filter does what the column says: EPERM comes from it alone.
bool behaves(const Call& call, bool refuses) {
  errno = 0;
  const bool got_through = call.make() >= 0 || errno != EPERM;
  return got_through != (refuses && call.policy_refuses);
}

/// In a child.
bool measure(Column& column, Costs& costs) {
  if (set_no_new_privs() != 0) return false;
  if (column.filtered && load_raw_filter(&column.filter) != 0) return false;
  for (size_t i = 0; i < kCalls.size(); ++i) {
    if (!behaves(kCalls[i], column.refuses)) return false;
    double best = std::numeric_limits<double>::infinity();
    for (int batch = 0; batch < kBatches; ++batch) {
      const double start = now();
      for (int n = 0; n < kCallsInBatch; ++n) kCalls[i].make();
      best = std::min(best, now() - start);
    }
    costs[i] = best * 1e3 / kCallsInBatch;
  }
  return true;
}

void measure_in_child(Column& column, Costs* shared) {
  const pid_t child = fork();
  if (child < 0) fail("fork failed");
  if (child == 0) _exit(measure(column, *shared) ? 0 : 1);
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0) fail(column.name + ": the filter does not do what it should");
  for (size_t i = 0; i < kCalls.size(); ++i) column.costs[i] = std::min(column.costs[i], (*shared)[i]);
}

std::vector<Column> columns_from_input() {
  std::vector<Column> columns;
  for (const auto& fields : read_columns(3)) {
    Column& column = columns.emplace_back();
    column.name = fields[0];
    column.filtered = fields[1] != "-";
    column.refuses = fields[2] == "refuses";
    column.costs.fill(std::numeric_limits<double>::infinity());
    if (column.filtered && read_raw_filter(fields[1].c_str(), &column.filter) != 0) {
      fail(fields[1] + ": not a filter");
    }
  }
  return columns;
}

void measure_all(const Options& options) {
  std::vector<Column> columns = columns_from_input();
  void* page = mmap(nullptr, sizeof(Costs), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) fail("mmap failed");
  std::mt19937_64 random(options.seed);
  for (unsigned round = 0; round < options.rounds; ++round) {
    for (const size_t index : shuffled(columns.size(), random)) {
      measure_in_child(columns[index], static_cast<Costs*>(page));
    }
  }
  for (const Column& column : columns) {
    std::printf("%s", column.name.c_str());
    for (const double cost : column.costs) std::printf("\t%.2f", cost);
    std::printf("\n");
  }
}

}  // namespace
}  // namespace sandbox::bench

int main(int argc, char** argv) {
  sandbox::bench::pin_to_one_core();
  sandbox::bench::measure_all(sandbox::bench::parse_options(argc, argv));
}
