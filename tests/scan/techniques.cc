// scan_techniques PROGRAM...: how many calls are found if less is known of what can run. One line a program, and
// medians and means at the end. Each column knows what those before it know, and more:
//
//   all      all code of the program, its libraries and their loader
//   symbols  all of the program's code; of libraries what is reached from functions that another file names
//   code     what is reached from the entry points; all data counts as in use, and with it all functions it points to
//   data     data counts as in use where reached code gets at it, object by object
//   loader   of the loader, what it does at an ordinary start
//   mutexes  without the priorities of mutexes that the program cannot have: the product
//
// And at how many of the places that enter the kernel, in what is reached, the number is a constant of the instructions
// right in front of it; at how many it was found at all.
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "arch/syscalls.h"
#include "scan/exits.h"
#include "scan/image.h"
#include "scan/named_rules.h"
#include "scan/reachability.h"
#include "scan/scan.h"
#include "scan/values.h"

namespace sandbox::scan {
namespace {

enum class Known : uint8_t { kAll, kSymbols, kCode, kData, kLoader };

struct Counts {
  size_t calls = 0;
  size_t places = 0;
  size_t local = 0;  ///< With a constant in the same stretch of code.
  size_t found = 0;
};

void add_all_code(const Image& image, Reachability& reach, size_t file) {
  const uint64_t base = Image::base(file);
  for (const FrameEntry& frame : image.file(file).frames) reach.add_function(base + frame.begin, Reason::kEntry, "all");
  for (const Extent& code : image.file(file).code) reach.sweep({base + code.begin, base + code.end}, base + code.begin);
}

void add_start(const Image& image, Reachability& reach) {
  reach.add_entry(image.file(0).entry, Reason::kEntry, "start");
  if (image.loader()) {
    reach.add_entry(Image::base(*image.loader()) + image.file(*image.loader()).entry, Reason::kEntry, "start");
    for (const char* name : {"malloc", "calloc", "realloc", "free", "__libc_early_init"})
      for (const uint64_t address : image.find(name)) reach.add_entry(address, Reason::kEntry, "loader");
  }
  for (size_t i = 0; i < image.file_count(); ++i) {
    const uint64_t base = Image::base(i);
    for (const uint64_t function : image.file(i).init_functions)
      reach.add_entry(base + function, Reason::kEntry, "initialisation");
    for (const auto& [array, size] : image.file(i).init_arrays)
      for (const Pointer& pointer : image.pointers_in({base + array, base + array + size}))
        reach.add_entry(pointer.target, Reason::kEntry, "initialisation");
    for (const GoFunction& function : image.file(i).go_functions) {
      reach.add_function(base + function.begin, Reason::kEntry, "Go");
      reach.sweep({base + function.begin, base + function.end}, base + function.begin);
    }
  }
}

/// A constant in the instructions right in front, without a jump between.
bool is_local(const Reachability& reach, uint64_t place) {
  const auto starts = reach.stretches_into(place);
  if (starts.size() != 1 || reach.is_leader(place)) return false;
  bool constant = false;
  for (uint64_t at = starts.front(); at < place;) {
    const auto instruction = reach.instruction_at(at);
    if (!instruction) return false;
    if (instruction->writes_register(kRax)) {
      constant = instruction->reg == kRax && (instruction->op == Op::kMoveImm || instruction->op == Op::kZero);
    }
    at = instruction->end();
  }
  return constant;
}

Counts count(const std::string& path, Known known) {
  auto image = Image::load(path, {});
  if (!image) return {};
  Reachability reach(*image);
  add_start(*image, reach);
  if (known == Known::kAll) {
    for (size_t i = 0; i < image->file_count(); ++i) add_all_code(*image, reach, i);
  }
  if (known == Known::kSymbols) {
    add_all_code(*image, reach, 0);
    for (const Pointer& pointer : image->pointers()) {
      const bool other = image->file_of(pointer.place) != image->file_of(pointer.target);
      if (other && image->is_code(pointer.target)) reach.add_entry(pointer.target, Reason::kLibrary, "a symbol");
    }
  }
  if (known < Known::kData) {
    for (const Pointer& pointer : image->pointers()) {
      const bool slot = image->file_of(pointer.place) != image->file_of(pointer.target);
      if (!slot && image->is_code(pointer.target)) reach.add_entry(pointer.target, Reason::kPointer, "data");
    }
  }
  Exits exits;
  do {
    reach.run();
    reach.index();
  } while (exits.follow_names(*image, reach));
  ValueSearch search(reach);
  std::set<std::pair<bool, uint32_t>> numbers = {{true, 15}, {true, 219}};  // The kernel's own.
  Counts counts;
  for (const KernelCall& call : reach.kernel_calls()) {
    ++counts.places;
    const Values values = search.before(call.address, kRax, 4);
    counts.found += values.complete ? 1 : 0;
    counts.local += is_local(reach, call.address) ? 1 : 0;
    const bool native = call.flow == Flow::kSyscall;
    const bool in_loader = image->loader() && image->file_of(call.address) == *image->loader();
    for (const uint64_t value : values.known) {
      const auto number = static_cast<uint32_t>(value);
      if (known == Known::kLoader && in_loader && is_rare_call_of_loader(image->file(*image->loader()), number))
        continue;
      if (arch::name_of(native ? arch::Abi::kX86_64 : arch::Abi::kX86, number)) numbers.emplace(native, number);
    }
  }
  counts.calls = numbers.size();
  return counts;
}

size_t product(const std::string& path) {
  const auto result = scan_program(path, {});
  return result ? result->calls.size() : 0;
}

void print_row(const std::string& name, const std::vector<double>& row) {
  std::printf("%-40s", name.c_str());
  for (const double number : row) std::printf(" %8.1f", number);
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace
}  // namespace sandbox::scan

int main(int argc, char** argv) {
  using namespace sandbox::scan;
  std::vector<std::vector<double>> columns(6);
  size_t places = 0;
  size_t local = 0;
  size_t found = 0;
  std::printf("%-40s %8s %8s %8s %8s %8s %8s\n", "program", "all", "symbols", "code", "data", "loader", "mutexes");
  for (int i = 1; i < argc; ++i) {
    std::vector<double> row;
    for (const Known known : {Known::kAll, Known::kSymbols, Known::kCode, Known::kData, Known::kLoader}) {
      const Counts counts = count(argv[i], known);
      row.push_back(static_cast<double>(counts.calls));
      if (known != Known::kData) continue;
      places += counts.places;
      local += counts.local;
      found += counts.found;
    }
    if (row.front() == 0) continue;  // No program for x86_64.
    row.push_back(static_cast<double>(product(argv[i])));
    for (size_t k = 0; k < row.size(); ++k) columns[k].push_back(row[k]);
    print_row(argv[i], row);
  }
  if (columns[0].empty()) return 1;
  std::vector<double> medians;
  std::vector<double> means;
  for (std::vector<double>& column : columns) {
    means.push_back(std::accumulate(column.begin(), column.end(), 0.0) / static_cast<double>(column.size()));
    std::ranges::sort(column);
    medians.push_back(column[column.size() / 2]);
  }
  print_row("median", medians);
  print_row("mean", means);
  std::printf("%zu places enter the kernel; the number is a constant right in front of %zu, and found at %zu\n", places,
              local, found);
  return 0;
}
