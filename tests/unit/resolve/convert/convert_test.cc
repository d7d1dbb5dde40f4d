// What each format is written as, and what is said of a policy that it cannot say. What the texts mean is compared by
// tests/differential/convert_test.cc.
#include "resolve/convert/convert.h"

#include <gtest/gtest.h>

#include "support/policy_text.h"

namespace sandbox::resolve {
namespace {

policy::Environment machine(arch::Abi native = arch::Abi::kX86_64) {
  policy::Environment environment;
  environment.native = native;
  environment.kernel = {6, 1};
  return environment;
}

/// The text, and behind it the problems.
std::string converted_with(const std::string& text, TextFormat format, const ConvertOptions& options,
                           const policy::Environment& environment = machine()) {
  testing::PolicyText source(text);
  const auto policy = source.read(environment);
  EXPECT_EQ(source.problems(), "");
  const auto made = convert(*policy, environment, format, options, source.diagnostics());
  return made.value_or("") + source.problems();
}

/// Without what is said of nearly every policy: what container runtimes need, and where a drop-in belongs.
std::string converted(const std::string& text, TextFormat format, bool lossy = false,
                      const policy::Environment& environment = machine()) {
  ConvertOptions options;
  options.lossy = lossy;
  options.name = "My Profile.v2.yml";
  std::istringstream lines(converted_with(text, format, options, environment));
  std::string shown;
  for (std::string line; std::getline(lines, line);) {
    const bool told = line.find("a container runtime starts the program") != std::string::npos;
    if (!told && !line.starts_with("# Place: ")) shown += line + "\n";
  }
  return shown;
}

constexpr std::string_view kByLauncher =
    "# systemd cannot hold this policy, so sandbox-run starts the service. In place of PROGRAM ARGUMENTS put the\n"
    "# command of the unit's own ExecStart=.\n"
    "[Service]\nExecStart=\nExecStart=/usr/bin/sandbox-run --policy POLICY -- PROGRAM ARGUMENTS\n";

constexpr const char* kConditional = R"(seccomp:
  default_action: allow
  flags: [log]
  syscalls:
  - action: errno
    errno: EACCES
    names_with_args:
    - name: socket
      arguments:
      - {argument: 0, operation: Equal, value: AF_PACKET}
  - action: kill_process
    names: [ptrace, kexec_load]
)";

TEST(Convert, OciProfile) {
  EXPECT_EQ(converted(kConditional, TextFormat::kOci), R"({
	"defaultAction": "SCMP_ACT_ALLOW",
	"architectures": [
		"SCMP_ARCH_X86_64"
	],
	"flags": [
		"SECCOMP_FILTER_FLAG_LOG"
	],
	"syscalls": [
		{
			"names": [
				"kexec_load",
				"ptrace"
			],
			"action": "SCMP_ACT_KILL_PROCESS"
		},
		{
			"names": [
				"socket"
			],
			"action": "SCMP_ACT_ERRNO",
			"errnoRet": 13,
			"args": [
				{"index": 0, "value": 4294967295, "valueTwo": 17, "op": "SCMP_CMP_MASKED_EQ"}
			]
		}
	]
}
)");
}

TEST(Convert, SeccompProfile) {
  EXPECT_EQ(converted(kConditional, TextFormat::kKubernetes), R"(apiVersion: security-profiles-operator.x-k8s.io/v1beta1
kind: SeccompProfile
metadata:
  name: my-profile.v2.yml
spec:
  defaultAction: SCMP_ACT_ALLOW
  architectures:
  - SCMP_ARCH_X86_64
  flags:
  - SECCOMP_FILTER_FLAG_LOG
  syscalls:
  - action: SCMP_ACT_KILL_PROCESS
    names:
    - kexec_load
    - ptrace
  - action: SCMP_ACT_ERRNO
    errnoRet: "13"
    names:
    - socket
    args:
    - index: 0
      op: SCMP_CMP_MASKED_EQ
      value: 4294967295
      valueTwo: 17
)");
}

TEST(Convert, BeatsSection) {
  EXPECT_EQ(converted(R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "syscalls": [
    {"names": ["write", "read", "no_such_call", "read"], "action": "SCMP_ACT_ALLOW"},
    {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]},
    {"names": ["lseek"], "action": "SCMP_ACT_ALLOW",
     "args": [{"index": 1, "value": 65535, "valueTwo": 1048577, "op": "SCMP_CMP_MASKED_EQ"}]}]})",
                      TextFormat::kBeats),
            R"(seccomp:
  default_action: errno
  default_errno: ENOSYS
  architectures:
  - x86_64
  syscalls:
  - action: allow
    names:
    - write
    - read
  - action: allow
    names_with_args:
    - name: socket
      arguments:
      - {argument: 0, operation: Equal, value: 1, width: 64}
    - name: lseek
      arguments:
      - {argument: 1, operation: MaskedEqual, mask: 0xffff, value: 1}
)");
}

TEST(Convert, BeatsSectionOfBeats) {
  EXPECT_EQ(converted("seccomp.default_action: ERRNO\nseccomp.kernel: 5.10\nseccomp.syscalls: [{action: trap, names: "
                      "['@mount', sync], names_with_args: [{name: ioctl, arguments: [{position: 1, operation: equal, "
                      "value: TIOCSTI}]}]}]\n",
                      TextFormat::kBeats),
            R"(seccomp:
  default_action: errno
  kernel: "5.10"
  syscalls:
  - action: trap
    names:
    - "@mount"
    - sync
    names_with_args:
    - name: ioctl
      arguments:
      - {argument: 1, operation: Equal, value: TIOCSTI}
)");
}

TEST(Convert, DropInWithAnAllowList) {
  const std::string text = "seccomp: {default_action: errno, syscalls: [{action: allow, names: ['@default', read]}]}\n";
  EXPECT_EQ(converted(text, TextFormat::kSystemd), R"([Service]
NoNewPrivileges=yes
SystemCallArchitectures=x86-64
SystemCallFilter=@default read
SystemCallErrorNumber=EPERM
)");
}

TEST(Convert, DropInTakesOutOfDefaultWhatThePolicyRefuses) {
  const std::string made = converted(
      "seccomp: {default_action: kill_process, syscalls: [{action: errno, names: [brk]}]}\n", TextFormat::kSystemd);
  EXPECT_NE(made.find("the rule for 'execve' cannot be expressed in a systemd unit: systemd itself starts the service "
                      "under the filter\n"),
            std::string::npos)
      << made;
  const std::string without_brk = converted(
      "seccomp: {default_action: errno, syscalls: [{action: errno, names: [brk]}, {action: allow, names: "
      "['@default']}]}\n",
      TextFormat::kSystemd);
  EXPECT_NE(without_brk.find("denies:\nSystemCallFilter=~brk\n"), std::string::npos) << without_brk;
}

TEST(Convert, DropInWithADenyList) {
  const std::string text = R"(seccomp:
  default_action: allow
  syscalls:
  - action: errno
    names: [ptrace, cachestat]
  - action: kill_process
    names: ["@reboot"]
  - action: log
    names: [sync]
)";
  EXPECT_EQ(converted(text, TextFormat::kSystemd), R"([Service]
NoNewPrivileges=yes
SystemCallArchitectures=x86-64
SystemCallFilter=~@reboot:kill
SystemCallFilter=~cachestat:EPERM ptrace:EPERM
# Only denied where systemd knows them: cachestat
SystemCallLog=sync
)");
}

TEST(Convert, RuncNeedsAnOpenatThatConditionsDeny) {
  const auto of = [](const std::string& rule, TextFormat format) {
    return converted("seccomp:\n  default_action: allow\n  syscalls:\n" + rule, format);
  };
  const std::string writing =
      "  - action: errno\n    names_with_args: [{name: openat, arguments: [{argument: 2, operation: BitsSet, value: "
      "O_WRONLY}]}]\n";
  const std::string warning =
      "2:3: warning: runc starts no container under this policy, crun does: runc opens a pipe with O_WRONLY under the "
      "profile, which the conditions on 'openat' deny\n";
  EXPECT_NE(of(writing, TextFormat::kOci).find(warning), std::string::npos) << of(writing, TextFormat::kOci);
  EXPECT_NE(of(writing, TextFormat::kKubernetes).find(warning), std::string::npos);
  EXPECT_EQ(of(writing, TextFormat::kBeats).find("runc"), std::string::npos);
  const std::string creating =
      "  - action: errno\n    names_with_args: [{name: openat, arguments: [{argument: 2, operation: BitsSet, value: "
      "O_CREAT}]}]\n";
  EXPECT_EQ(of(creating, TextFormat::kOci).find("runc"), std::string::npos);
  const std::string whole = of("  - {action: errno, names: [openat]}\n", TextFormat::kOci);
  EXPECT_EQ(whole.find("O_WRONLY"), std::string::npos) << whole;
}

TEST(Convert, WhatSystemdCannotSayIsLeftToTheLauncher) {
  const std::string instead =
      "warning: systemd cannot hold this policy; with the drop-in sandbox-run starts the service under it\n";
  EXPECT_EQ(converted(kConditional, TextFormat::kSystemd),
            std::string(kByLauncher) + instead +
                "8:13: warning: the rule for 'socket' cannot be expressed in a systemd unit: a call is filtered "
                "regardless of its arguments\n");
  EXPECT_EQ(converted("seccomp:\n  default_action: allow\n  syscalls:\n  - action: trap\n    names: [read]\n",
                      TextFormat::kSystemd),
            std::string(kByLauncher) + instead +
                "5:13: warning: the rule for 'read' cannot be expressed in a systemd unit: it knows no trap\n");
  EXPECT_EQ(
      converted("seccomp:\n  default_action: allow\n  kernel: \"5.10\"\n  syscalls:\n  - action: errno\n    names: "
                "[ptrace]\n",
                TextFormat::kSystemd, true),
      std::string(kByLauncher) + instead +
          "2:3: warning: 'kernel' cannot be expressed in a systemd unit: in a list of denied calls, those that systemd "
          "does not know are allowed\n");
}

TEST(Convert, ADropInNamesItsPlaceAndTheLauncherThePolicy) {
  ConvertOptions options;
  options.name = "beat";
  options.systemd.launcher_options = "--policy /etc/beat.yml";
  const std::string place =
      "# Place: /etc/systemd/system/beat.service.d/sandbox.conf, where beat.service is the service's unit. Then: "
      "systemctl daemon-reload\n";
  const std::string held =
      converted_with("seccomp: {default_action: allow, syscalls: [{action: errno, names: [ptrace]}]}\n",
                     TextFormat::kSystemd, options);
  EXPECT_TRUE(held.starts_with(place + "[Service]\nNoNewPrivileges=yes\n")) << held;
  const std::string launched = converted_with(kConditional, TextFormat::kSystemd, options);
  EXPECT_TRUE(launched.starts_with(place)) << launched;
  EXPECT_NE(launched.find("\nExecStart=\nExecStart=/usr/bin/sandbox-run --policy /etc/beat.yml -- PROGRAM ARGUMENTS\n"),
            std::string::npos)
      << launched;
}

TEST(Convert, ADropInForAnOlderSystemdLeavesOutWhatItDoesNotKnow) {
  const std::string denies =
      "seccomp: {default_action: allow, syscalls: [{action: errno, names: [ptrace, cachestat, mseal, '@aio']}]}\n";
  const auto written = [&](const std::string& text, std::optional<unsigned> version) {
    ConvertOptions options;
    options.systemd.version = version;
    const std::string made = converted_with(text, TextFormat::kSystemd, options);
    return made.substr(made.find('\n') + 1);
  };
  EXPECT_EQ(written(denies, 252),
            "# Left out, as systemd 252 does not know them, and so not denied:\n# mseal\n"
            "[Service]\nNoNewPrivileges=yes\nSystemCallArchitectures=x86-64\n"
            "SystemCallFilter=~cachestat:EPERM io_cancel:EPERM io_destroy:EPERM io_getevents:EPERM io_pgetevents:EPERM "
            "io_setup:EPERM\n"
            "SystemCallFilter=~io_submit:EPERM io_uring_enter:EPERM io_uring_register:EPERM io_uring_setup:EPERM "
            "ptrace:EPERM\n");
  EXPECT_EQ(written(denies, 262),
            "[Service]\nNoNewPrivileges=yes\nSystemCallArchitectures=x86-64\n"
            "SystemCallFilter=~@aio:EPERM cachestat:EPERM mseal:EPERM ptrace:EPERM\n");
  const std::string unsure = written(denies, 255);
  EXPECT_NE(unsure.find("# Only denied where systemd knows them: cachestat mseal\n"), std::string::npos) << unsure;
  const std::string allows = written(
      "seccomp: {default_action: errno, syscalls: [{action: allow, names: [read, execve, mseal, exit_group]}]}\n", 252);
  EXPECT_TRUE(allows.starts_with("# Left out, as systemd 252 does not know them, and so denied:\n# mseal\n")) << allows;
  EXPECT_EQ(allows.find("lsm_get_self_attr"), std::string::npos) << "of @default, but not of 252's";
}

TEST(Convert, ADropInThatKillsSaysWhatTheNamedSystemdDoesWithCallsUnknownToIt) {
  const auto comment = [](std::optional<unsigned> version) {
    ConvertOptions options;
    options.systemd.version = version;
    const std::string made = converted_with(
        "seccomp: {default_action: kill_process, syscalls: [{action: allow, names: ['@default', execve]}]}\n",
        TextFormat::kSystemd, options);
    return made.substr(made.find("# Without"));
  };
  const std::string kills = "# Without SystemCallErrorNumber= a call that is not listed kills";
  EXPECT_EQ(comment(252), kills + ".\n");
  EXPECT_EQ(comment(254), kills + ".\n");
  EXPECT_EQ(comment(255), kills + "; one that systemd does not know gets ENOSYS.\n");
  EXPECT_EQ(comment({}), kills + "; one that systemd does not know gets ENOSYS from version 255 on.\n");
}

TEST(Convert, WarningsOfReadingAreNotRepeated) {
  const std::string text = "seccomp: {default_action: allow, syscalls: [{action: allow, names: [read]}]}\n";
  EXPECT_EQ(converted(text, TextFormat::kSystemd).find("warning"), std::string::npos);
}

TEST(Convert, WhatContainerRuntimesNeed) {
  const std::string text =
      "seccomp: {default_action: errno, default_errno: ENOSYS, syscalls: [{action: allow, names: [read, write, execve, "
      "exit_group, close, openat, futex]}, {action: kill_process, names: [capset]}]}\n";
  const std::string told = converted_with(text, TextFormat::kOci, {});
  EXPECT_NE(
      told.find("1:11: warning: a container runtime starts the program under the profile, and 'fcntl', 'fstat', "
                "'newfstatat', 'fstatfs', 'getdents64', 'getpid' and 28 more, which it needs for that, are denied; "
                "--runtime-calls allows them\n"),
      std::string::npos)
      << told;
  ConvertOptions options;
  options.runtime_calls = true;
  ConvertOptions lossy = options;
  lossy.lossy = true;
  for (const TextFormat format : {TextFormat::kOci, TextFormat::kKubernetes}) {
    const std::string with = converted_with(text, format, lossy);
    EXPECT_EQ(with.find("a container runtime starts"), std::string::npos) << with;
    for (const char* call : {"capset", "setgroups", "newfstatat", "rt_sigreturn"}) {
      EXPECT_NE(with.find(call), std::string::npos) << call;
    }
  }
  const std::string allowed = converted_with(text, TextFormat::kOci, options);
  EXPECT_EQ(allowed.find("KILL"), std::string::npos) << "capset no longer kills";
  EXPECT_EQ(allowed.find("warning"), std::string::npos) << allowed;
  EXPECT_EQ(converted_with(kConditional, TextFormat::kOci, {}).find("runtime"), std::string::npos);
}

TEST(Convert, LossyWritesTheStricterReading) {
  EXPECT_EQ(converted(kConditional, TextFormat::kSystemd, true),
            "[Service]\nNoNewPrivileges=yes\nSystemCallArchitectures=x86-64\n"
            "SystemCallFilter=~kexec_load:kill ptrace:kill\nSystemCallFilter=~socket:EACCES\n"
            "2:3: warning: systemd does not ask the kernel to log what is denied; the flag 'log' is left out\n"
            "8:13: warning: the rule for 'socket' cannot be expressed in a systemd unit: a call is filtered regardless "
            "of its "
            "arguments; made stricter: errno EACCES in every case\n");
}

TEST(Convert, AProfileForSeveralAbisMustBeTheSameOnAll) {
  const std::string text = R"(seccomp:
  default_action: allow
  architectures: [x86_64, aarch64]
  syscalls:
  - action: errno
    names_with_args:
    - name: openat
      arguments: [{argument: 2, operation: BitsSet, value: O_DIRECTORY}]
)";
  EXPECT_EQ(
      converted(text, TextFormat::kOci),
      "7:13: error: the rule for 'openat' cannot be expressed in an OCI profile: it is not the same on aarch64 as on "
      "x86_64; write a policy for each\n");
  const std::string lossy = converted(text, TextFormat::kOci, true);
  EXPECT_NE(
      lossy.find("7:13: warning: the rule for 'openat' cannot be expressed in an OCI profile: it is not the same on "
                 "aarch64 as on x86_64; write a policy for each; made stricter: errno EPERM regardless of its "
                 "arguments\n"),
      std::string::npos)
      << lossy;
  EXPECT_NE(lossy.find("\"openat\"\n\t\t\t],\n\t\t\t\"action\": \"SCMP_ACT_ERRNO\",\n\t\t\t\"errnoRet\": 1\n"),
            std::string::npos)
      << lossy;
}

TEST(Convert, AMultiplexerThatSaysSomethingElseThanItsCalls) {
  const std::string text = R"(seccomp:
  default_action: errno
  architectures: [x86]
  syscalls:
  - {action: errno, names: [socketcall]}
  - {action: allow, names: [socket]}
)";
  EXPECT_NE(
      converted(text, TextFormat::kOci, true, machine(arch::Abi::kX86))
          .find("the rule for 'socketcall' on x86 cannot be expressed in an OCI profile: rules for the calls behind it "
                "say something else, and hold for both\n"),
      std::string::npos);
}

TEST(Convert, AnotherMachine) {
  EXPECT_NE(
      converted("seccomp: {default_action: allow, architectures: [arm], syscalls: [{action: errno, names: [fork]}]}\n",
                TextFormat::kOci)
          .find("1:50: warning: what is written is for machines whose own ABI is arm; on others their own ABI would "
                "be covered too\n"),
      std::string::npos);
}

TEST(Convert, KernelInASeccompProfile) {
  const std::string text =
      "seccomp: {default_action: errno, kernel: '6.6', syscalls: [{action: allow, names: [read]}]}\n";
  EXPECT_EQ(
      converted(text, TextFormat::kKubernetes),
      "1:11: error: the default action cannot be expressed in a SeccompProfile: 'kernel' hides calls with ENOSYS, and "
      "the default errno there is EPERM\n");
  const std::string lossy = converted(text, TextFormat::kKubernetes, true);
  EXPECT_NE(lossy.find("errnoRet: \"38\"\n    names:\n"), std::string::npos) << lossy;
  EXPECT_NE(lossy.find("    - mseal\n"), std::string::npos) << lossy;
}

TEST(Convert, SwitchedOff) {
  EXPECT_EQ(converted("seccomp.enabled: false\n", TextFormat::kBeats), "seccomp:\n  enabled: false\n");
  EXPECT_EQ(converted("seccomp.enabled: false\n", TextFormat::kOci),
            "1:1: error: 'enabled: false' cannot be expressed in an OCI profile: leave the profile away\n");
}

}  // namespace
}  // namespace sandbox::resolve
