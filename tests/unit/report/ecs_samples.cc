// ecs_samples FILE writes events of all kinds for ecs_schema_test.sh: all that is known or nothing, all actions, and
// names that hold anything.
#include <cstdio>
#include <optional>
#include <string>

#include "arch/abi.h"
#include "report/ecs.h"
#include "report/sample_event.h"
#include "support/random.h"

namespace sandbox::report {
namespace {

constexpr uint32_t kActions[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
                                 SECCOMP_RET_ERRNO,        SECCOMP_RET_ERRNO | 1,   SECCOMP_RET_ERRNO | 4095,
                                 SECCOMP_RET_USER_NOTIF,   SECCOMP_RET_TRACE,       SECCOMP_RET_LOG};

class Samples {
 public:
  explicit Samples(uint64_t seed) : random_(seed) {}

  Event event() {
    Event event = testing::sample_event();
    Process& process = event.process;
    if (coin()) process.pid = 0;
    if (coin()) process.thread = 5000;
    process.name = name();
    process.executable = name();
    process.user_name = name();
    process.group_name = name();
    for (auto* id : {&process.user, &process.group, &process.audit_user, &process.session, &event.sequence}) {
      *id = coin() ? std::optional<uint32_t>() : static_cast<uint32_t>(random_.bits());
    }
    event.call.number = coin() ? static_cast<uint32_t>(random_.below(500)) : static_cast<uint32_t>(random_.bits());
    const auto abis = arch::all_abis();
    event.call.arch = random_.any_of(abis).audit_arch;
    event.call.instruction_pointer = random_.bits();
    event.arguments_known = coin();
    event.action = random_.any_of(kActions);
    event.outcome = coin() ? Outcome::kEnforced : Outcome::kAllowed;
    if (coin()) event.rule = "";
    if (coin()) event.policy = "";
    if (coin()) event.signal = coin() ? 31 : 0;
    if (coin()) event.compat = coin() ? 1 : 0;
    event.count = coin() ? 0 : random_.bits();
    return event;
  }

  Total total() {
    const Event from = event();
    Total total;
    total.arch = from.call.arch;
    total.number = from.call.number;
    total.action = from.action;
    total.rule = from.rule;
    total.rule_kind = "a group";
    total.count = random_.bits();
    while (coin()) total.processes.push_back(name());
    return total;
  }

 private:
  bool coin() { return random_.one_in(2); }
  std::string name() {
    std::string text;
    while (!random_.one_in(8)) text += static_cast<char>(1 + random_.below(255));
    return text;
  }

  testing::Random random_;
};

}  // namespace
}  // namespace sandbox::report

int main(int, char** arguments) {
  using namespace sandbox::report;
  std::FILE* file = std::fopen(arguments[1], "w");
  if (file == nullptr) return 1;
  Samples samples(sandbox::testing::test_seed());
  for (int i = 0; i < 2000; ++i) std::fputs(ecs_line(samples.event()).c_str(), file);
  for (int i = 0; i < 200; ++i) {
    std::fputs(ecs_summary_line(samples.total(), sandbox::testing::sample_event().time, "beat.yml").c_str(), file);
  }
  return std::fclose(file) == 0 ? 0 : 1;
}
