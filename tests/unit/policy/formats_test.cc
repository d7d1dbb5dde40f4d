// Container profiles inside other documents, and what is no policy.
#include "policy/formats.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "policy/reader.h"
#include "support/policy_text.h"

namespace sandbox::policy {
namespace {

constexpr std::string_view kTwo =
    "# Source: chart\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: ConfigMap\n"
    "metadata: {name: a}\n"
    "---\n"
    "apiVersion: security-profiles-operator.x-k8s.io/v1beta1\n"
    "kind: SeccompProfile\n"
    "metadata:\n"
    "  name: a\n"
    "spec:\n"
    "  defaultAction: SCMP_ACT_ALLOW\n"
    "  listenerPath: \"\"\n"
    "  baseProfileName: \"\"\n"
    "  disabled: false\n"
    "  _comment: [any, thing]\n"
    "  syscalls:\n"
    "  - action: SCMP_ACT_ERRNO\n"
    "    names: [mkdir]\n"
    "    args: []\n"
    "    errnoRet: 13\n"
    "---\n"
    "apiVersion: security-profiles-operator.x-k8s.io/v1beta1\n"
    "kind: SeccompProfile\n"
    "metadata:\n"
    "  name: b\n"
    "spec:\n"
    "  defaultAction: SCMP_ACT_KILL\n"
    "---\n";

/// A policy read by name, and its problems.
std::pair<std::optional<Policy>, std::string> read(std::string_view text, const std::string& name = "") {
  testing::PolicyText policy{std::string(text)};
  auto made =
      read_policy(std::make_shared<const SourceText>("p.yml", std::string(text)), {}, policy.diagnostics(), name);
  return {std::move(made), policy.problems()};
}

std::string problems(std::string_view text, const std::string& name = "") {
  return read(text, name).second;
}

TEST(Formats, OneOfSeveralSeccompProfilesIsNamed) {
  const auto [a, no_problems] = read(kTwo, "a");
  EXPECT_EQ(no_problems, "");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->format, Format::kSeccompProfile);
  EXPECT_EQ(a->default_action, Action::kAllow);
  ASSERT_EQ(a->groups.size(), 1U);
  EXPECT_EQ(a->groups[0].names[0].text, "mkdir");
  EXPECT_EQ(a->groups[0].error.number, 13);
  EXPECT_EQ(read(kTwo, "b").first->default_action, Action::kKillThread);
  EXPECT_EQ(problems(kTwo), "23:1: error: 2 SeccompProfiles here: 'a' and 'b'; name one of them as FILE#NAME\n");
  EXPECT_EQ(problems(kTwo, "c"), "7:1: error: no SeccompProfile here is called 'c'; there are 'a' and 'b'\n");
}

TEST(Formats, AYamlProfileReadsAsTheJsonOne) {
  const std::string json =
      R"({"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "x/v1", "kind": "SeccompProfile",
          "metadata": {"name": "a"}, "spec": {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
          "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names": ["socket"], "action": "SCMP_ACT_ALLOW",
          "args": [{"index": 0, "value": 1, "valueTwo": 0, "op": "SCMP_CMP_EQ"}]}]}}]})";
  const std::string yaml =
      "apiVersion: x/v1\nkind: SeccompProfile\nmetadata: {name: a}\nspec:\n  defaultAction: SCMP_ACT_ERRNO\n"
      "  defaultErrnoRet: 38\n  architectures: [SCMP_ARCH_X86_64]\n  syscalls:\n  - names: [socket]\n"
      "    action: SCMP_ACT_ALLOW\n    args:\n    - index: 0\n      value: 0x1\n      valueTwo: 0\n"
      "      op: SCMP_CMP_EQ\n";
  for (const std::string& text : {json, yaml}) {
    const auto [policy, no_problems] = read(text);
    EXPECT_EQ(no_problems, "");
    ASSERT_TRUE(policy);
    EXPECT_EQ(policy->default_error.number, 38);
    EXPECT_EQ(policy->architectures.size(), 1U);
    ASSERT_EQ(policy->groups.size(), 1U);
    ASSERT_EQ(policy->groups[0].names_with_args.size(), 1U);
    const Condition& condition = policy->groups[0].names_with_args[0].conditions.at(0);
    EXPECT_EQ(condition.value.terms.at(0).integer.magnitude, 1U);
    EXPECT_TRUE(condition.wide);
  }
}

TEST(Formats, KeysOfASeccompProfileHaveTheirCase) {
  const std::string head = "apiVersion: v1\nkind: SeccompProfile\nmetadata: {name: a}\n";
  EXPECT_EQ(problems(head + "spec:\n  DefaultAction: SCMP_ACT_ALLOW\n  syscalls:\n"
                            "  - names: [mkdir]\n    action: SCMP_ACT_ERRNO\n    errnoret: 1\n"),
            "5:3: error: Kubernetes ignores the key 'DefaultAction' in a SeccompProfile; write 'defaultAction'\n"
            "9:5: error: Kubernetes ignores the key 'errnoret' in a SeccompProfile; write 'errnoRet'\n");
}

TEST(Formats, ASeccompProfileWithSomethingWrong) {
  const std::string head = "apiVersion: v1\nkind: SeccompProfile\nmetadata: {name: a}\n";
  EXPECT_EQ(problems(head), "1:1: error: 'spec' is missing in the SeccompProfile: the profile stands there\n");
  EXPECT_EQ(problems(head + "spec: [1]\n"), "4:7: error: 'spec' must be a mapping, found a list\n");
  EXPECT_EQ(problems(head + "x: &a {}\nspec: *a\n"),
            "5:7: error: an alias cannot be used for 'spec'; write the value out\n");
  EXPECT_EQ(problems(head + "spec: {}\nspec: {defaultAction: SCMP_ACT_ALLOW}\n"),
            "5:1: error: key 'spec' is given twice; first on line 4\n");
  EXPECT_EQ(problems(head + "spec:\n  defaultAction: SCMP_ACT_ALLOW\n  defaultaction: SCMP_ACT_KILL\n"),
            "6:3: error: key 'defaultaction' is given twice in the profile; first on line 5\n"
            "6:3: error: Kubernetes ignores the key 'defaultaction' in a SeccompProfile; write 'defaultAction'\n");
  EXPECT_EQ(problems(head + "spec:\n  defaultAction: SCMP_ACT_ALLOW\n  <<: {a: b}\n"),
            "6:3: error: merge keys ('<<') are not taken in the profile; write the keys out\n");
  EXPECT_EQ(problems(head + "spec:\n  defaultAction: SCMP_ACT_ALLOW\n  baseProfileName: runc-v1\n  disabled: true\n"),
            "6:3: error: 'baseProfileName' adds the rules of 'runc-v1', which only the operator can read; write them "
            "into this profile, and remove the key\n"
            "7:3: error: 'disabled' is true: the operator does not install this profile; remove the key to use it\n");
  EXPECT_EQ(problems(head + "spec: {defaultAction: SCMP_ACT_ALLOW}\n---\na: b\n"),
            "6:1: error: a document that is no Kubernetes resource behind others that are; expected 'apiVersion' and "
            "'kind'\n");
  EXPECT_EQ(problems("apiVersion: v1\nkind: ConfigMap\n---\n" + head + "spec: {}\n---\na: b\n"),
            "9:1: error: a document that is no Kubernetes resource behind others that are; expected 'apiVersion' and "
            "'kind'\n");
  EXPECT_EQ(problems("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"disabled\": true}"),
            "1:37: error: unknown key 'disabled' in the profile; expected defaultAction, defaultErrnoRet, "
            "defaultErrno, architectures, archMap, flags, syscalls, listenerPath or listenerMetadata\n");
  std::string many;
  for (int i = 0; i < 1001; ++i) many += head + "---\n";
  EXPECT_NE(problems(many).find("4000:1: error: more than 1000 documents in one text\n"), std::string::npos);
}

TEST(Formats, ABundlesProfile) {
  const auto [policy, no_problems] = read(
      R"({"ociVersion": "1.2.0", "process": {"capabilities": {"bounding": ["CAP_SYS_ADMIN"]}}, "Linux": {"x": 1,
          "SECCOMP": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
            {"names": ["rmdir"], "action": "SCMP_ACT_ERRNO"}]}}})");
  EXPECT_EQ(no_problems, "");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->format, Format::kBundle);
  ASSERT_EQ(policy->groups.size(), 1U) << "the bundle's capabilities are not taken";
  EXPECT_EQ(policy->groups[0].names[0].text, "rmdir");
  const std::string none =
      "1:2: error: a bundle's configuration without a profile: it has no 'seccomp' below 'linux', so its container "
      "runs "
      "without a filter\n";
  EXPECT_EQ(problems(R"({"ociVersion": "1.2.0"})"), none);
  EXPECT_EQ(problems(R"({"ociVersion": "1.2.0", "linux": {"seccomp": null}})"), none);
  EXPECT_EQ(problems(R"({"ociVersion": "1.2.0", "linux": {"seccomp": [], "Seccomp": {}}})"),
            "1:50: error: key 'Seccomp' is given twice; first on line 1\n");
  EXPECT_EQ(problems(R"({"ociVersion": "1.2.0", "linux": {"seccomp": [1]}})"),
            "1:46: error: 'seccomp' must be a mapping, found a list\n");
}

TEST(Formats, ANameIsForSeccompProfilesAlone) {
  const std::string behind = "; '#a' names a SeccompProfile in a file of Kubernetes resources\n";
  EXPECT_EQ(problems("seccomp: {default_action: allow, syscalls: []}\n", "a"), "1:1: error: this is a policy" + behind);
  EXPECT_EQ(problems("{\"defaultAction\": \"SCMP_ACT_ALLOW\"}", "a"),
            "1:1: error: this is a container profile" + behind);
  EXPECT_EQ(problems("[Service]\nSystemCallFilter=read\n", "a"), "1:1: error: this is a systemd unit" + behind);
}

TEST(Formats, AFileIsOnePolicyOrTheOther) {
  EXPECT_EQ(problems("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"ociVersion\": \"1\"}"),
            "1:1: error: both a 'defaultAction' and a 'ociVersion' key; a file is one policy or the other\n");
}

TEST(Formats, WhatIsNoPolicyIsNamed) {
  const std::pair<const char*, const char*> kTexts[] = {
      {"#!/bin/sh\nset -e\n",
       "this is a script, expected a policy; 'sandbox-policy record' writes one of what a program calls"},
      {"<!DOCTYPE html>\n<html>\n",
       "this is an HTML page, expected a policy; a download may have given the page around the file"},
      {"# minijail\nread: 1\nopenat: arg2 == O_RDONLY; return EPERM\n",
       "this is a minijail policy; compile it by minijail's compile_seccomp_policy and give the filter by --bpf, or "
       "write its calls as 'names' below 'seccomp:'"},
      {"POLICY a {\n  ALLOW { read }\n}\nUSE a DEFAULT KILL\n",
       "this is a kafel policy; compile it by kafel's dump_policy_bpf and give the filter by --bpf, or write its calls "
       "as 'names' below 'seccomp:'"},
      {"name: \"x\"\nseccomp_string: \"ALLOW { read }\"\n",
       "this is a configuration of nsjail, with a kafel policy; compile that by kafel's dump_policy_bpf and give the "
       "filter by --bpf"},
      {"include globals.local\ncaps.drop all\nseccomp.drop mkdir\nprivate-tmp\n",
       "this is a firejail profile; write the calls of its 'seccomp' lines as 'names' below 'seccomp:', what else it "
       "has is no matter of system calls"},
      {"#include <tunables/global>\n/usr/bin/x {\n  /etc/** r,\n}\n",
       "this is an AppArmor profile, which is about files; apparmor_parser(8) loads it, beside a policy"},
      {"[Container]\nImage=x\nSeccompProfile=/etc/x.json\n",
       "this is a Podman quadlet; the profile is the file that its SeccompProfile= names"},
      {"[containers]\nseccomp_profile = \"/etc/x.json\"\n",
       "this is Podman's containers.conf; the profile is the file that its seccomp_profile names"},
      {"FROM debian\nRUN true\n",
       "this is a Dockerfile, which has no profile; one is given to 'docker run --security-opt seccomp='"},
      {" line  CODE  JT   JF      K\n=================================\n",
       "this is a filter in words; give the filter itself, by --bpf, or the policy that it was made from"},
      {"execve(\"/bin/true\", [\"true\"], 0x7ffc /* 9 vars */) = 0\nbrk(NULL) = 0x55\n+++ exited with 0 +++\n",
       "this is the output of strace; 'sandbox-policy record' runs a program and writes the policy that it needs"},
      {"read\nwrite\nexit_group\n",
       "this is a list of system calls, without a word on what to do with them; put it below 'seccomp:', as the "
       "'names' of a group"},
      {"--ro-bind\n/usr\n/usr\n",
       "this is a file of options, for bubblewrap or the like; the filter for its --seccomp is another file"},
      {"apiVersion: v1\nkind: Pod\nspec: {}\n---\napiVersion: v1\nkind: Service\n",
       "this is a Kubernetes Pod; the profile is the file that its 'localhostProfile' names"},
      {"apiVersion: x/v1\nkind: SelinuxProfile\n",
       "this is a Kubernetes resource of the kind 'SelinuxProfile', expected a SeccompProfile"},
      {"services:\n  web: {image: x, security_opt: [\"seccomp:x.json\"]}\n",
       "this is a compose file; the profile is the file that 'seccomp:' names in a service's 'security_opt'"},
      {"{\"seccomp-profile\": \"/etc/docker/x.json\"}",
       "this is Docker's daemon.json; the profile is the file that its 'seccomp-profile' names"},
      {R"({"abi": 4, "pathBeneath": [{"allowedAccess": ["v4.read_execute"], "parent": ["/usr"]}]})",
       "this is a configuration of landlockconfig; write its paths as 'files' below 'landlock:', and its ports as "
       "'tcp'"},
      {"policy: x.yml\nexpect: []\n", "this is a file of expectations, which 'sandbox-policy test' takes"},
      {"{\"main\": {\"mismatch_action\": \"trap\", \"match_action\": \"allow\", \"filter\": []}}",
       "this is a policy for seccompiler; compile it by seccompiler-bin and give the filter by --bpf, or write its "
       "calls as 'names' below 'seccomp:'"},
  };
  for (const auto& [text, message] : kTexts) {
    EXPECT_EQ(problems(text), "1:1: error: " + std::string(message) + "\n") << text;
  }
}

TEST(Formats, WhatMayBeAPolicyWithAMistakeIsNotTakenForSomethingElse) {
  EXPECT_EQ(problems("version: 1\nread: 2\n").find("this is"), std::string::npos);
  EXPECT_EQ(
      problems("#!/usr/bin/env -S sandbox-run -p\nseccomp: {default_action: allow, syscalls: [{action: errno, names: "
               "[mkdir]}]}\n"),
      "");
}

}  // namespace
}  // namespace sandbox::policy
