// Any bytes as a program for `scan`: what is no ELF file that can be scanned is an error in one line; one that needs no
// library is scanned. Nothing is executed, and no other file is read.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "fuzzer.h"
#include "scan/elf_file.h"
#include "scan/scan.h"

namespace sandbox::fuzz {
namespace {

/// What was read of the file lies in it.
void check_file(const scan::ElfFile& file, size_t size) {
  for (const scan::Segment& segment : file.segments) {
    if (file.at(segment.address).size() > size) fail("a segment has more bytes than the file");
    if (segment.file_size > 0 && file.segment_of(segment.address) == nullptr) fail("a segment is not where it is");
  }
  for (const scan::Extent& code : file.code) {
    if (code.end < code.begin) fail("code that ends before it begins");
    if (file.word(code.begin, 1) > UINT8_MAX) fail("a byte that is none");
    if (file.text(code.end - 1).size() > size) fail("a text that is longer than the file");
  }
  for (size_t i = 1; i < file.frames.size(); ++i) {
    if (file.frames[i].begin < file.frames[i - 1].begin) fail("frames are not sorted");
  }
}

void check_scan(const std::string& bytes) {
  const int fd = memfd_create("fuzzed", MFD_CLOEXEC);
  if (fd < 0 || write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) fail("no memfd");
  const auto result = scan::scan_program("/proc/self/fd/" + std::to_string(fd), {});
  close(fd);
  if (!result) {
    check_message(result.error().message);
    return;
  }
  ++accepted;
  for (const scan::Unknown& unknown : result->unknown) {
    check_message(unknown.what);
    if (unknown.place.text().empty()) fail("something unknown that is nowhere");
  }
  for (size_t i = 0; i < result->calls.size(); ++i) {
    const scan::FoundCall& call = result->calls[i];
    if (call.places.empty() && !call.by_kernel) fail("a call that is nowhere");
    for (const scan::CodePlace& place : call.places) {
      if (place.text().empty()) fail("a place without words");
    }
    if (i > 0 && call.abi == result->calls[i - 1].abi && call.number <= result->calls[i - 1].number) {
      fail("calls are not sorted");
    }
  }
}

}  // namespace
}  // namespace sandbox::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sandbox;
  const std::string bytes = fuzz::text_of(data, size);
  const auto file = scan::ElfFile::parse("fuzzed", bytes);
  if (!file) {
    fuzz::check_message(file.error().message);
    return 0;
  }
  fuzz::check_file(*file, size);
  if (file->needed.empty() && file->interpreter.empty()) fuzz::check_scan(bytes);
  return 0;
}
