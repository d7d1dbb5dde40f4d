#include "command_line/version.h"

#include "arch/abi.h"
#include "arch/call_sets.h"
#include "arch/call_versions.h"
#include "arch/syscalls.h"

namespace sandbox::command_line {
namespace {

#include "commit.inc"

}  // namespace

std::string version_text(std::string_view program) {
  std::string text = std::string(program) + " " SANDBOX_RUN_VERSION "\n";
  const auto add = [&](std::string_view label, std::string_view value) {
    text += std::string(label) + std::string(value) + "\n";
  };
  add("commit:       ", kCommit);
  add("ABI:          ", arch::info(arch::native_abi()).name);
  add("newest calls: Linux ", arch::to_string(arch::newest_release()));
  add("sets:         ", arch::source_of_sets());
  add("libseccomp:   ", std::string(arch::table_source()) + " (call numbers)");
  return text;
}

}  // namespace sandbox::command_line
