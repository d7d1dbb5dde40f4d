// Any bytes as a log: the kernel's records, auditd's, journals as text and as JSON. What is read comes out as one
// printable line and as one line of JSON, and a record that was cut is never another record.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/text.h"
#include "fuzzer.h"
#include "policy/json_tree.h"
#include "report/audit_record.h"
#include "report/ecs.h"
#include "report/landlock_record.h"
#include "report/line.h"
#include "report/tally.h"
#include "sandbox-policy/commands/line_splitter.h"
#include "sandbox-policy/commands/log_line.h"
#include "sandbox-policy/commands/seen_events.h"

namespace sandbox::fuzz {
namespace {

constexpr int64_t kNow = 1'796'062'409;  // The year of a line that has none.
constexpr size_t kMaxCuts = 64;

void check_json(const std::string& line) {
  if (line.find('\n') != line.size() - 1) fail("not one line: " + line);
  Diagnostics problems(std::make_shared<const SourceText>("event.json", line));
  if (!policy::parse_json(problems).valid || problems.has_errors()) fail("no JSON: " + line);
}

void check_event(const report::Event& event) {
  const std::string line = report::denial_line(event);
  check_message(line);
  if (line.size() > report::kMaxLineLength) fail("too long a line: " + line);
  check_json(report::ecs_line(event));
}

/// The beginnings of a line that was read.
void check_cut(std::string_view line, const report::Event& whole) {
  const size_t step = line.size() / kMaxCuts + 1;
  for (size_t size = line.size() - 1; size > 0 && size < line.size(); size -= step) {
    const auto cut = report::read_audit_line(line.substr(0, size));
    if (!cut) continue;
    if (cut->call.arch != whole.call.arch || cut->call.number != whole.call.number || cut->action != whole.action ||
        cut->process.pid != whole.process.pid) {
      fail("cut at " + std::to_string(size) + " it is another record: " + std::string(line));
    }
  }
}

class Reader {
 public:
  void take(std::string_view line) {
    ++lines_;
    report::records_left_out(line);
    for (const report::Event& event : landlock_.take_line(line)) check_event(event);
    const auto own = report::read_audit_line(line);
    if (own) check_cut(line, *own);
    const tool::LogLine read = tool::read_log_line(line, kNow);
    if (!read.record) return;
    ++accepted;
    const report::Event& event = *read.record;
    check_event(event);
    seen_.is_new(event, read.stamped, lines_);
    if (read.stamped && seen_.is_new(event, true, lines_)) fail("the same record is new again");
    const report::DenialKey key = {event.call.arch, event.call.number, event.action, 0, event.process.name};
    if (tally_.wants_details(key)) tally_.note(key, event.arguments, event.rule, event.rule_kind);
    check_message(report::more_of_it_text(key));
  }

  void finish() const {
    const std::string summary = report::summary_text(tally_, report::Outcome::kEnforced);
    tool::LineSplitter splitter;
    splitter.add(summary, [](std::string_view line) { check_message(line); });
    for (const report::Total& total : tally_.totals()) check_json(report::ecs_summary_line(total, {}, "p.yml"));
  }

 private:
  report::LandlockRecords landlock_;
  tool::SeenEvents seen_;
  report::Tally tally_;
  uint64_t lines_ = 0;
};

}  // namespace
}  // namespace sandbox::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text = sandbox::fuzz::text_of(data, size);
  sandbox::fuzz::Reader reader;
  sandbox::tool::LineSplitter splitter;
  const auto take = [&](std::string_view line) { reader.take(line); };
  splitter.add(text, take);
  splitter.finish(take);
  reader.finish();
  return 0;
}
