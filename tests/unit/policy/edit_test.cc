#include "policy/edit.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "support/policy_text.h"
#include "support/random.h"

namespace sandbox::policy {
namespace {

using arch::Abi;
using testing::PolicyText;

Group allowing(const std::vector<std::string>& names) {
  Group group;
  group.action = Action::kAllow;
  for (const std::string& name : names) group.names.push_back({name, {}});
  return group;
}

/// What is asked of the editor: "G" a group, "A" an ABI, "K" a kernel, "N" a name in the first group.
bool ask(TextEditor& editor, char what) {
  switch (what) {
    case 'G':
      return editor.add_group(allowing({"connect", "socket"}));
    case 'A':
      return editor.cover({Abi::kX86}, Abi::kX86_64);
    case 'K':
      return editor.set_kernel({5, 10});
    default:
      return editor.add_names(0, {"uname"});
  }
}

/// The same done to a policy that was never text.
void apply(Policy& policy, char what) {
  switch (what) {
    case 'G':
      policy.groups.insert(policy.groups.begin(), allowing({"connect", "socket"}));
      return;
    case 'A':
      if (policy.architectures.empty()) policy.architectures.push_back({Abi::kX86_64, {}});
      policy.architectures.push_back({Abi::kX86, {}});
      return;
    case 'K':
      policy.kernel = arch::KernelVersion{5, 10};
      return;
    default:
      policy.groups.front().names.push_back({"uname", {}});
  }
}

/// The text after what was asked, "no place" or "no text". What it means is held against what it should mean.
std::string edited(const std::string& before, const std::string& asked) {
  PolicyText text(before);
  const auto policy = text.read();
  EXPECT_EQ(text.problems(), "") << before;
  if (!policy) return "unreadable";
  TextEditor editor(*policy);
  Policy wanted = *policy;
  // Names first: the first group is another one behind a new group.
  for (const char what : asked) {
    if (!ask(editor, what)) return "no place";
    apply(wanted, what);
  }
  const auto made = editor.text();
  if (!made) return "no text";
  PolicyText after(*made);
  const auto read = after.read();
  EXPECT_EQ(after.problems(), "") << *made;
  EXPECT_EQ(write_beats(read.value_or(Policy())), write_beats(wanted)) << *made;
  return *made;
}

/// Whether one piece was put into the text, and all else is as it was.
bool is_insertion(const std::string& before, const std::string& after) {
  if (after.size() <= before.size()) return false;
  size_t head = 0;
  while (head < before.size() && before[head] == after[head]) ++head;
  size_t tail = 0;
  while (tail < before.size() && before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) ++tail;
  return head + tail >= before.size();
}

/// Layouts with marks where something goes: <G> a group, <A> the key `architectures` or an entry of it, <N> a name.
struct Layout {
  const char* name;
  std::string text;
  std::string group;          ///< What stands at <G> then.
  std::string architectures;  ///< At <A>.
  std::string names;          ///< At <N>.
};

/// The text with each mark replaced by what stands there then, or by nothing.
std::string at_marks(std::string text, const std::string& group, const std::string& architectures,
                     const std::string& names) {
  for (const auto& [mark, replacement] : {std::pair("<G>", group), {"<A>", architectures}, {"<N>", names}}) {
    const size_t at = text.find(mark);
    EXPECT_NE(at, std::string::npos) << mark;
    if (at != std::string::npos) text.replace(at, 3, replacement);
  }
  return text;
}

/// A group in block style, its '-' in column `indent`.
std::string block(size_t indent, const std::string& end = "\n") {
  const std::string margin(indent, ' ');
  return margin + "- action: allow" + end + margin + "  names:" + end + margin + "  - connect" + end + margin +
         "  - socket" + end;
}

const std::string kFlow = "{action: allow, names: [connect, socket]}, ";
const std::string kJson = R"({"action": "allow", "names": ["connect", "socket"]}, )";

std::vector<Layout> layouts() {
  const std::string key = "\n  architectures: [x86_64, x86]";
  return {
      {"as most are written",
       "seccomp:\n  default_action: errno<A>\n  syscalls:\n<G>  - action: allow\n    names:\n    - read<N>\n", block(2),
       key, "\n    - uname"},
      {"deeper, and a list that is indented",
       "seccomp:\n      default_action: errno<A>\n      syscalls:\n<G>          -   action: allow\n"
       "              names:\n                -   read<N>\n",
       block(10), "\n      architectures: [x86_64, x86]", "\n                - uname"},
      {"one blank, one name a line",
       "seccomp:\n default_action: errno<A>\n syscalls:\n<G> - names: [read<N>]\n   action: allow\n", block(1),
       "\n architectures: [x86_64, x86]", ", uname"},
      {"dotted keys", "seccomp.default_action: errno<A>\nseccomp.syscalls:\n<G>- action: allow\n  names: [read<N>]\n",
       block(0), "\nseccomp.architectures: [x86_64, x86]", ", uname"},
      {"quoted keys",
       "\"seccomp\":\n  'default_action': \"errno\"<A>\n  \"syscalls\":\n<G>  - \"action\": 'allow'\n    \"names\": "
       "['read'<N>]\n",
       block(2), key, ", uname"},
      {"quoted dotted keys",
       "'seccomp.default_action': errno<A>\n\"seccomp.syscalls\":\n<G>  - {action: allow, names: [read<N>]}\n",
       block(2), "\nseccomp.architectures: [x86_64, x86]", ", uname"},
      {"dotted and nested keys",
       "seccomp:\n  syscalls:\n<G>  - action: allow\n    names: [read<N>]\nname: x\nseccomp.default_action: errno<A>\n",
       block(2), "\nseccomp.architectures: [x86_64, x86]", ", uname"},
      {"a lone dash",
       "seccomp:\n  default_action: errno<A>\n  syscalls:\n<G>  -\n    action: allow\n    names:\n    -\n      "
       "read<N>\n",
       block(2), key, "\n    - uname"},
      {"a lone dash with comments and blank lines",
       "seccomp:\n  default_action: errno<A>\n  syscalls:\n<G>    - # read, [for example -\n\n      # - names\n\n"
       "      action: allow\n      names: [read<N>]\n",
       block(4), key, ", uname"},
      {"comments that belong to what is below them",
       "# Ours.\nseccomp:  # {all of it\n  # What is left.\n  default_action: errno  # 'not' kill<A>\n  # All calls:\n"
       "  syscalls:\n\n  # Not of the group.\n\n<G>  # What everybody needs:\n  # - files\n  - action: allow\n"
       "    names: # a list\n    - read  # of course<N>\n    # - write\n",
       block(2), key, "\n    - uname"},
      {"flow style in one line",
       "seccomp: {<A>default_action: errno, syscalls: [<G>{action: allow, names: [read<N>]}]}\n", kFlow,
       "architectures: [x86_64, x86], ", ", uname"},
      {"flow style with commas at the end and comments",
       "seccomp: { # the section\n  <A>default_action: errno,\n  syscalls: [ # the list -\n  # and more\n  "
       "<G>{action: allow, names: [read<N>, ]},],\n}\n",
       kFlow, "architectures: [x86_64, x86], ", ", uname"},
      {"JSON",
       "{\"seccomp\": {\n\t\"syscalls\": [\n\t\t<G>{\"action\": \"allow\", \"names\": [\"read\"<N>]}\n\t],\n"
       "\t<A>\"default_action\": \"errno\"\n}}\n",
       kJson, R"("architectures": ["x86_64", "x86"], )", R"(, "uname")"},
      {"JSON with dotted keys",
       "{<A>\"seccomp.default_action\":\"errno\",\"seccomp.syscalls\":[<G>{\"names\":[\"read\"<N>],\"action\":"
       "\"allow\"}]}",
       kJson, R"("seccomp.architectures": ["x86_64", "x86"], )", R"(, "uname")"},
      {"a list in flow style below keys in block style",
       "seccomp:\n  default_action: errno<A>\n  syscalls: [\n    <G>{action: allow, names: [read<N>]},\n"
       "    {action: allow, names: [write]}]\n",
       kFlow, key, ", uname"},
      {"groups in flow style in a list in block style",
       "seccomp:\n  default_action: errno<A>\n  syscalls:\n<G>  -   {action: allow, names: [read<N>]}\n", block(2), key,
       ", uname"},
      {"lines that end in CRLF",
       "seccomp:\r\n  default_action: errno # x<A>\r\n  syscalls:\r\n<G>  # Mine.\r\n  - action: allow\r\n    "
       "names:\r\n"
       "    - read<N>\r\n",
       block(2, "\r\n"), "\r\n  architectures: [x86_64, x86]", "\r\n    - uname"},
      {"no line end behind the last name",
       "seccomp:\n  default_action: errno<A>\n  syscalls:\n<G>  - action: allow\n    names:\n    - read<N>", block(2),
       key, "\n    - uname"},
      {"no line end behind the last key",
       "seccomp:\n  syscalls:\n<G>  - action: allow\n    names:\n    - read<N>\n  default_action: errno<A>", block(2),
       key, "\n    - uname"},
      {"a comment without a line end",
       "seccomp:\n  syscalls: [<G>{action: allow, names: [read<N>]}]\n  default_action: errno # x<A>", kFlow, key,
       ", uname"},
      {"explicit keys",
       "seccomp:\n  ? default_action\n  : errno<A>\n  ? syscalls\n  : <G>- action: allow\n      names: [read<N>]\n",
       block(4).substr(4) + "    ", key, ", uname"},
      {"an explicit section",
       "? seccomp\n: default_action: errno<A>\n  syscalls:\n<G>  - action: allow\n    names: [read<N>]\n", block(2),
       key, ", uname"},
      {"an action on a line of its own",
       "seccomp:\n  default_action:\n    # All else.\n    errno<A>\n  syscalls:\n<G>  - action:\n      allow\n    "
       "names:\n"
       "      [read<N>]\n",
       block(2), key, ", uname"},
      {"tabs where they may be",
       "seccomp:\t# x\n  default_action:\terrno\t# y<A>\n  syscalls:\t\n<G>  - action:\tallow\n    names: "
       "[\tread<N>\t]\n",
       block(2), key, ", uname"},
      {"marks of the document",
       "%YAML 1.2\n--- # begins\nseccomp:\n  default_action: errno<A>\n  syscalls:\n<G>  - action: allow\n    names:\n"
       "    - read<N>\n...\n",
       block(2), key, "\n    - uname"},
      {"other keys that look like those",
       "text: |\n  seccomp:\n    default_action: allow\n    syscalls:\n    - action: allow\nother: {'syscalls': "
       "[{action: allow}]}\n"
       "seccomp:\n  default_action: errno<A>\n  syscalls:\n<G>  - action: allow\n    names: [read<N>]\n"
       "more:\n  default_action: >\n    seccomp.syscalls\n",
       block(2), key, ", uname"},
      {"letters of several bytes",
       "\"\u00fcber\": {\u00e4: [\u00f6]}\nseccomp: {  # \u00df\n  <A>default_action: errno, # \u00e4\n  syscalls: [ # "
       "\u20ac\n"
       "  <G>{action: allow, names: [read<N>]}]}\n",
       kFlow, "architectures: [x86_64, x86], ", ", uname"},
      {"ABIs in flow style",
       "seccomp:\n  architectures: [amd64<A> # mine\n    ]\n  default_action: errno\n  syscalls:\n<G>  - action: "
       "allow\n"
       "    names: [ 'read'<N>, ]\n",
       block(2), ", x86", ", uname"},
      {"quoted ABIs in flow style",
       "seccomp: {default_action: errno, architectures: [\"x86_64\"<A>], syscalls: [<G>{action: allow, names: "
       "[read<N>]}]}",
       kFlow, ", \"x86\"", ", uname"},
      {"ABIs in block style",
       "seccomp:\n  architectures:\n  # Of our machines.\n  - amd64  # old name<A>\n\n  default_action: errno\n  "
       "syscalls:\n"
       "<G>  - action: allow\n    names: [read<N>]\n",
       block(2), "\n  - x86", ", uname"},
      {"ABIs in block style, deeper, at the end",
       "seccomp:\n  default_action: errno\n  syscalls:\n<G>  - action: allow\n    names: [read<N>]\n  architectures:\n"
       "      -\n        x86_64<A>",
       block(2), "\n      - x86", ", uname"},
      {"dotted ABIs",
       "seccomp.architectures: ['x86_64'<A>]\nseccomp.default_action: errno\nseccomp.syscalls: [<G>{action: allow, "
       "names: [read<N>]}]\n",
       kFlow, ", x86", ", uname"},
  };
}

/// The key `kernel` as a new key `architectures` is written; empty where the mark is that of an entry.
std::string kernel_like(std::string architectures) {
  for (const auto& [from, to] : {std::pair<std::string, std::string>("architectures", "kernel"),
                                 {R"(["x86_64", "x86"])", R"("5.10")"},
                                 {"[x86_64, x86]", R"("5.10")"}}) {
    const size_t at = architectures.find(from);
    if (at != std::string::npos) architectures.replace(at, from.size(), to);
  }
  return architectures.find("kernel") == std::string::npos ? "" : architectures;
}

TEST(TextEditor, OddLayouts) {
  for (const Layout& layout : layouts()) {
    SCOPED_TRACE(layout.name);
    const std::string before = at_marks(layout.text, "", "", "");
    const std::string kernel = kernel_like(layout.architectures);
    EXPECT_EQ(edited(before, ""), before);
    EXPECT_EQ(edited(before, "G"), at_marks(layout.text, layout.group, "", ""));
    EXPECT_EQ(edited(before, "A"), at_marks(layout.text, "", layout.architectures, ""));
    EXPECT_EQ(edited(before, "N"), at_marks(layout.text, "", "", layout.names));
    if (kernel.empty()) continue;
    EXPECT_EQ(edited(before, "K"), at_marks(layout.text, "", kernel, ""));
    EXPECT_EQ(edited(before, "NGAK"), at_marks(layout.text, layout.group, layout.architectures + kernel, layout.names));
  }
}

TEST(TextEditor, AKernelThatIsThere) {
  for (const auto& [written, where] : {std::pair("6.1", "kernel: <K>"), {"\"4.20\"", "'kernel': <K>  # x"}}) {
    const std::string text = "seccomp:\n  " + std::string(where) +
                             "\n  default_action: errno\n  syscalls: [{action: allow, names: [read]}]\n";
    const auto with = [&](const std::string& version) {
      return std::string(text).replace(text.find("<K>"), 3, version);
    };
    EXPECT_EQ(edited(with(written), "K"), with("\"5.10\""));
  }
  EXPECT_EQ(
      edited(
          R"({"seccomp": {"kernel": "6.1", "default_action": "errno", "syscalls": [{"action": "allow", "names": ["read"]}]}})",
          "K"),
      R"({"seccomp": {"kernel": "5.10", "default_action": "errno", "syscalls": [{"action": "allow", "names": ["read"]}]}})");
}

TEST(TextEditor, WhatIsThereIsNotAddedAgain) {
  const std::string text =
      "seccomp:\n  default_action: errno\n  architectures: [x86, x86_64]\n  syscalls:\n  - action: allow\n"
      "    names: [read, uname]\n";
  EXPECT_EQ(edited("seccomp: {default_action: errno, syscalls: [{action: allow, names: [read]}]}", ""),
            "seccomp: {default_action: errno, syscalls: [{action: allow, names: [read]}]}");
  PolicyText read(text);
  const auto policy = read.read();
  ASSERT_TRUE(policy);
  TextEditor editor(*policy);
  EXPECT_TRUE(editor.cover({Abi::kX86, Abi::kX86_64}, Abi::kX86_64));
  EXPECT_TRUE(editor.add_names(0, {"uname", "read"}));
  EXPECT_TRUE(editor.changes().empty());
  EXPECT_EQ(editor.text(), text);
}

TEST(TextEditor, TakesNamesOut) {
  const auto without = [](const std::string& list, const std::vector<std::string>& names) {
    PolicyText text("seccomp:\n  default_action: errno\n  syscalls:\n  - action: allow\n    names:" + list);
    const auto policy = text.read();
    EXPECT_EQ(text.problems(), "") << list;
    TextEditor editor(*policy);
    if (!editor.remove_names(0, names)) return std::string("no place");
    const std::string made = editor.text().value_or("no text");
    return made.substr(made.find("names:") + 6);
  };
  EXPECT_EQ(without(" [read, write, close]\n", {"write"}), " [read, close]\n");
  EXPECT_EQ(without(" [read, write, close] # all\n", {"close", "getpid"}), " [read, write] # all\n");
  EXPECT_EQ(without(" [read, \"write\", close]\n", {"read", "write"}), " [close]\n");
  EXPECT_EQ(without(" [read, write, close]\n", {"write", "close"}), " [read]\n");
  EXPECT_EQ(without(" [read, # this\n     write]\n", {"write"}), "no place");
  EXPECT_EQ(without(" [read]\n", {"read"}), "no place");
  EXPECT_EQ(without("\n    # Three.\n    - read\n    - write  # two\n    # Last.\n    - 'close'\n", {"write", "close"}),
            "\n    # Three.\n    - read\n    # Last.\n");
}

TEST(TextEditor, CommentsGoWithABlockAndNotBetweenBraces) {
  Group group = allowing({"read", "@network-io"});
  Condition condition;
  condition.operation = Operation::kMaskedEqual;
  condition.argument = 1;
  condition.mask.terms = {{{15, false}, ""}};
  condition.value.terms = {{{}, "SOCK_RAW"}};
  group.names_with_args.push_back({{"socket", {}}, {condition}});
  const GroupComments comments = {{"# Above."}, {"3", ""}, {"1, once"}};
  const auto with_group = [&](const std::string& text) {
    PolicyText read(text);
    const auto policy = read.read();
    EXPECT_TRUE(policy);
    TextEditor editor(*policy);
    EXPECT_TRUE(editor.add_group(group, comments));
    return editor.text().value_or("no text");
  };
  const std::string head = "seccomp:\n  default_action: errno\n  syscalls:\n";
  EXPECT_EQ(with_group(head + "  - {action: allow, names: [write]}\n"),
            head +
                "  # Above.\n"
                "  - action: allow\n"
                "    names:\n"
                "    - read           # 3\n"
                "    - \"@network-io\"\n"
                "    names_with_args:\n"
                "    - name: socket\n"
                "      arguments:\n"
                "      - {argument: 1, operation: MaskedEqual, mask: 0xf, value: SOCK_RAW}  # 1, once\n"
                "  - {action: allow, names: [write]}\n");
  EXPECT_EQ(
      with_group(R"({"seccomp": {"default_action": "errno", "syscalls": [{"action": "allow", "names": ["write"]}]}})"),
      R"({"seccomp": {"default_action": "errno", "syscalls": [{"action": "allow", "names": ["read", "@network-io"], "names_with_args": [{"name": "socket", "arguments": [{"argument": 1, "operation": "MaskedEqual", "mask": 15, "value": "SOCK_RAW"}]}]}, {"action": "allow", "names": ["write"]}]}})");
}

TEST(TextEditor, GroupsThatAreAddedStandInTheirOrder) {
  PolicyText read("seccomp:\n  default_action: errno\n  syscalls:\n  - {action: allow, names: [write]}\n");
  const auto policy = read.read();
  ASSERT_TRUE(policy);
  TextEditor editor(*policy);
  EXPECT_TRUE(editor.add_group(allowing({"acct"})));
  EXPECT_TRUE(editor.add_group(allowing({"brk"})));
  EXPECT_TRUE(editor.add_names(0, {"close"}));
  EXPECT_EQ(editor.text(),
            "seccomp:\n  default_action: errno\n  syscalls:\n  - action: allow\n    names:\n    - acct\n"
            "  - action: allow\n    names:\n    - brk\n  - {action: allow, names: [write, close]}\n");
}

TEST(TextEditor, WritesAGroupAnew) {
  const std::string old = "    # Old.\n    # Older.\n    - action: allow\n      names: [read]\n";
  PolicyText read("seccomp:\n  default_action: errno\n  syscalls:\n    - {action: errno, names: [bpf]}\n\n" + old +
                  "    -\n      action: allow\n      names: [write]\n");
  const auto policy = read.read();
  ASSERT_TRUE(policy);
  const std::string text = read.source().text();
  TextEditor editor(*policy);
  EXPECT_FALSE(editor.lines_of_group(2));  // A lone dash.
  EXPECT_FALSE(editor.lines_of_group(3));
  const auto lines = editor.lines_of_group(1);
  ASSERT_TRUE(lines);
  EXPECT_EQ(lines->begin, text.find("    # Old."));
  EXPECT_EQ(lines->dash, text.find("    - action: allow"));
  EXPECT_EQ(lines->indent, 4U);
  ASSERT_TRUE(editor.replace_group(1, text.find("    # Older."), lines->begin + old.size(), allowing({"open"}),
                                   {{"# New."}, {}, {}}));
  EXPECT_EQ(
      editor.text(),
      "seccomp:\n  default_action: errno\n  syscalls:\n    - {action: errno, names: [bpf]}\n\n    # Old.\n    # New.\n"
      "    - action: allow\n      names:\n      - open\n    -\n      action: allow\n      names: [write]\n");
  // What would take a line too much with it is no policy that was asked for.
  TextEditor wrong(*policy);
  ASSERT_TRUE(wrong.replace_group(1, lines->begin, text.size(), allowing({"open"}), {}));
  EXPECT_EQ(wrong.text(), std::nullopt);
}

TEST(TextEditor, PoliciesWithoutAPlace) {
  EXPECT_EQ(edited("seccomp:\n  enabled: false\n", "G"), "no place");
  EXPECT_EQ(edited("seccomp:\n  enabled: false\n", "A"), "no place");
  EXPECT_EQ(edited("seccomp:\n  enabled: false\n", "K"), "no place");
  EXPECT_EQ(edited("seccomp:\n  default_action: errno\n  syscalls:\n  - action: allow\n    names_with_args:\n"
                   "    - {name: read, arguments: [{operation: Equal}]}\n",
                   "N"),
            "no place");
  const std::string profile =
      R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]})";
  for (const char what : {'G', 'A', 'K', 'N'}) EXPECT_EQ(edited(profile, std::string(1, what)), "no place");
}

/// Where the tree does not tell enough, nothing is written that means something else.
TEST(TextEditor, NoTextRatherThanAnotherPolicy) {
  const std::string text =
      "!!map {seccomp.default_action: errno, seccomp.syscalls: [{action: allow, names: [read]}]}\n";
  EXPECT_EQ(edited(text, "A"), "no text");
  EXPECT_EQ(edited(text, "K"), "no text");
  EXPECT_NE(edited(text, "G"), "no text");
}

/// Scalars in strange styles: their ends are not where the tree says, but what is written is right if it is written.
TEST(TextEditor, ScalarsInStrangeStyles) {
  for (const char* text : {
           "seccomp:\n  default_action: >-\n    errno\n  syscalls:\n  - action: allow\n    names:\n    - >-\n      "
           "read\n",
           "seccomp:\n  default_action: |-\n      errno\n\n\n  syscalls:\n  - action: allow\n    names:\n    - |-\n    "
           "     read\n\n",
           "seccomp: {default_action: \"err\\\n    no\", syscalls: [{action: allow, names: [\"\\x72ead\"]}]}\n",
       }) {
    for (const char* what : {"G", "A", "K", "N"}) {
      const std::string after = edited(text, what);
      EXPECT_TRUE(after == "no text" || is_insertion(text, after)) << after;
    }
  }
}

// ---- Any layout

/// A policy in a random layout.
class RandomLayout {
 public:
  explicit RandomLayout(testing::Random& random) : random_(random) {
    flow_section_ = random.one_in(4);
    dotted_ = random.one_in(3);
    json_ = flow_section_ && random.one_in(2);
    end_ = random.one_in(4) ? "\r\n" : "\n";
  }

  std::string text() {
    std::vector<std::string> keys = {"default_action", "syscalls"};
    if (random_.one_in(3)) keys.insert(keys.begin() + static_cast<std::ptrdiff_t>(random_.below(3)), "architectures");
    if (random_.one_in(3)) keys.insert(keys.begin() + static_cast<std::ptrdiff_t>(random_.below(3)), "kernel");
    if (random_.one_in(2)) std::swap(keys.front(), keys.back());
    flow_section_ ? flow_document(keys) : block_document(keys);
    if (random_.one_in(4)) {
      while (text_.ends_with('\n') || text_.ends_with('\r')) text_.pop_back();
    }
    return text_;
  }

 private:
  std::string quoted_or_not(const std::string& word) {
    if (json_) return '"' + word + '"';
    const size_t way = random_.below(word.starts_with('@') ? 2 : 6);
    return way == 0 ? "'" + word + "'" : way == 1 ? '"' + word + '"' : word;
  }

  /// The rest of a line: blanks, perhaps a comment.
  std::string rest() {
    const size_t way = json_ ? 0 : random_.below(5);
    return (way == 1 ? "  # x, [y {z: 'w' -" : way == 2 ? " " : way == 3 ? " #" : "") + end_;
  }

  /// Lines between others.
  std::string gap(size_t indent) {
    std::string lines;
    while (random_.one_in(3)) {
      const size_t way = random_.below(3);
      if (way == 0) lines += end_;
      if (way == 1) lines += std::string(indent, ' ') + "# - action: {allow" + end_;
      if (way == 2) lines += std::string(random_.below(12), ' ') + "# elsewhere" + end_;
    }
    return lines;
  }

  /// Blanks, or in a collection that has begun a new line.
  std::string space() {
    const size_t way = random_.below(4);
    if (way == 0 && !json_) return rest() + std::string(12, ' ');
    return way == 1 ? end_ + std::string(12, ' ') : way == 2 ? " " : "";
  }

  std::string flow_words(const std::vector<std::string>& words) {
    std::string text = "[";
    for (const std::string& word : words) text += space() + quoted_or_not(word) + (&word == &words.back() ? "" : ",");
    if (!json_ && random_.one_in(4)) text += ",";
    return text + space() + "]";
  }

  std::string flow_group(const std::vector<std::string>& names) {
    std::string action = quoted_or_not("action") + ": " + quoted_or_not("allow");
    std::string list = quoted_or_not("names") + ": " + flow_words(names);
    if (random_.one_in(2)) std::swap(action, list);
    return "{" + space() + action + "," + space() + " " + list + space() + "}";
  }

  std::string flow_value(const std::string& key) {
    if (key == "default_action") return quoted_or_not("errno");
    if (key == "kernel") return "\"6.1\"";
    if (key == "architectures") return flow_words(abis());
    std::string text = "[";
    const size_t groups = 1 + random_.below(3);
    for (size_t i = 0; i < groups; ++i) text += space() + flow_group(names(i)) + (i + 1 == groups ? "" : ",");
    return text + space() + "]";
  }

  void flow_document(const std::vector<std::string>& keys) {
    std::string entries;
    const std::string prefix = dotted_ ? "seccomp." : "";
    for (const std::string& key : keys) {
      entries += (entries.empty() ? "" : ",") + space() + quoted_or_not(prefix + key) + ": " + flow_value(key);
    }
    entries = "{" + entries + space() + "}";
    const bool braces = json_ || random_.one_in(2);
    text_ = dotted_   ? entries
            : !braces ? quoted_or_not("seccomp") + ": " + entries
                      : "{" + space() + quoted_or_not("seccomp") + ": " + entries + space() + "}";
    text_ += rest();
  }

  void block_list(const std::vector<std::string>& words, size_t indent) {
    const std::string margin(indent, ' ');
    for (const std::string& word : words) {
      text_ += gap(indent) + margin + "-";
      if (random_.one_in(4)) text_ += rest() + margin;
      text_ += std::string(1 + random_.below(3), ' ') + quoted_or_not(word) + rest();
    }
  }

  void words_below(const std::vector<std::string>& words, size_t indent) {
    if (random_.one_in(3)) {
      text_ += " " + flow_words(words) + rest();
      return;
    }
    text_ += rest();
    block_list(words, indent + random_.below(3));
  }

  void block_group(const std::vector<std::string>& names, size_t indent) {
    text_ += gap(indent) + std::string(indent, ' ') + "-";
    if (random_.one_in(4)) {
      text_ += " " + flow_group(names) + rest();
      return;
    }
    const size_t blanks = 1 + random_.below(3);
    const std::string inner(indent + 1 + blanks, ' ');
    text_ += random_.one_in(3) ? rest() + gap(indent) + inner : std::string(blanks, ' ');
    const bool action_first = random_.one_in(2);
    if (action_first) text_ += quoted_or_not("action") + ": " + quoted_or_not("allow") + rest() + gap(indent) + inner;
    text_ += quoted_or_not("names") + ":";
    words_below(names, inner.size());
    if (!action_first) text_ += inner + quoted_or_not("action") + ": allow" + rest();
  }

  void block_document(const std::vector<std::string>& keys) {
    if (random_.one_in(3)) text_ += "name: x" + rest();
    const size_t indent = dotted_ ? 0 : 1 + random_.below(5);
    if (!dotted_) text_ += quoted_or_not("seccomp") + ":" + rest();
    const std::string margin(indent, ' ');
    for (const std::string& key : keys) {
      text_ += gap(indent) + margin + quoted_or_not((dotted_ ? "seccomp." : "") + key) + ":";
      if (key == "architectures") {
        words_below(abis(), indent);
      } else if (key == "syscalls" && !random_.one_in(4)) {
        text_ += rest();
        const size_t deeper = indent + random_.below(4);
        for (size_t i = 1 + random_.below(3); i > 0; --i) block_group(names(i), deeper);
      } else {
        text_ += " " + flow_value(key) + rest();
      }
    }
    if (random_.one_in(3)) text_ += gap(indent) + "output: {file: x}" + rest();
  }

  std::vector<std::string> names(size_t i) {
    const std::vector<std::vector<std::string>> some = {
        {"write"}, {"openat", "close"}, {"mmap", "brk", "@signal"}, {"exit"}};
    return some.at(i);
  }

  std::vector<std::string> abis() {
    return random_.one_in(2) ? std::vector<std::string>{"x86_64"} : std::vector<std::string>{"aarch64", "amd64"};
  }

  testing::Random& random_;
  bool flow_section_ = false;
  bool dotted_ = false;
  bool json_ = false;
  std::string end_;
  std::string text_;
};

TEST(TextEditor, RandomLayouts) {
  testing::Random random(testing::test_seed());
  for (int round = 0; round < 1000; ++round) {
    const std::string before = RandomLayout(random).text();
    SCOPED_TRACE(before);
    EXPECT_EQ(edited(before, ""), before);
    for (const char* what : {"G", "A", "N"}) {
      const std::string after = edited(before, what);
      EXPECT_TRUE(is_insertion(before, after)) << what << ":\n" << after;
    }
    const std::string all = edited(before, "NAGK");
    EXPECT_TRUE(all != "no place" && all != "no text") << all;
    if (HasFailure()) return;
  }
}

// ---- Policies that are there

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

size_t edit_folder(const std::string& folder) {
  size_t edited_ones = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path().filename().string());
    PolicyText text(contents(entry.path()));
    const auto policy = text.read();
    if (!policy || text.diagnostics().has_errors() || policy->format != Format::kBeats || policy->groups.empty())
      continue;
    const std::string before = text.source().text();
    TextEditor editor(*policy);
    EXPECT_TRUE(editor.add_group(allowing({"connect", "execve"})));
    EXPECT_TRUE(is_insertion(before, editor.text().value_or("")));
    TextEditor other(*policy);
    EXPECT_TRUE(other.cover({Abi::kMips64n32}, Abi::kX86_64));
    EXPECT_TRUE(is_insertion(before, other.text().value_or("")));
    ++edited_ones;
  }
  return edited_ones;
}

TEST(TextEditor, EveryGoodPolicy) {
  EXPECT_GE(edit_folder(SANDBOX_RUN_GOOD_POLICIES), 50U);
}

TEST(TextEditor, EveryShippedPolicy) {
  EXPECT_GE(edit_folder(SANDBOX_RUN_POLICIES), 7U);
}

}  // namespace
}  // namespace sandbox::policy
