// launch_times [--rounds N] [--seed N] < COLUMNS: how long commands take from the start to the end, in microseconds.
//
// A column is NAME, FILE or '-', PROGRAM, ARGUMENT...; FILE is open as descriptor 9 at its beginning (bubblewrap reads
// its filter from one). Every round starts each command once, in an order drawn anew. Time runs from before
// posix_spawn(3), which is vfork and execve, to the return of wait4(2). A command that does not exit with 0 ends the
// program: its times would mean nothing.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "harness.h"

namespace sandbox::bench {
namespace {

constexpr int kFilterDescriptor = 9;
constexpr unsigned kPreloadProgramRounds = 3;

struct Column {
  std::string name;
  int filter = -1;
  std::vector<std::string> words;
  std::vector<double> times;
};

Column column_of(const std::vector<std::string>& fields) {
  Column column;
  column.name = fields[0];
  column.words.assign(fields.begin() + 2, fields.end());
  if (fields[1] != "-") {
    column.filter = open(fields[1].c_str(), O_RDONLY | O_CLOEXEC);
    if (column.filter < 0) fail(fields[1] + ": " + std::strerror(errno));
    if (column.filter == kFilterDescriptor) {  // Where dup2 would change nothing, and close-on-exec would stay.
      column.filter = fcntl(column.filter, F_DUPFD_CLOEXEC, kFilterDescriptor + 1);
    }
  }
  return column;
}

/// One launch; microseconds.
double launch(const Column& column) {
  std::vector<char*> arguments;
  for (const std::string& word : column.words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  char path[] = "PATH=/usr/bin:/bin";
  char* environment[] = {path, nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (column.filter >= 0) {
    lseek(column.filter, 0, SEEK_SET);
    posix_spawn_file_actions_adddup2(&actions, column.filter, kFilterDescriptor);
  }

  pid_t child = 0;
  int status = 0;
  const double start = now();
  const int error = posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environment);
  const pid_t ended = error == 0 ? wait4(child, &status, 0, nullptr) : -1;
  const double time = now() - start;

  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail(column.name + ": " + std::strerror(error));
  if (ended != child || status != 0) fail(column.name + ": ended with wait status " + std::to_string(status));
  return time;
}

void measure(const Options& options) {
  std::vector<Column> columns;
  for (const auto& fields : read_columns(3)) columns.push_back(column_of(fields));
  std::mt19937_64 random(options.seed);
  for (unsigned round = 0; round < kPreloadProgramRounds + options.rounds; ++round) {
    for (const size_t index : shuffled(columns.size(), random)) {
      const double time = launch(columns[index]);
      if (round >= kPreloadProgramRounds) columns[index].times.push_back(time);
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
