// The command line of sandbox-policy: what each command takes, and where it goes.
#include "sandbox-policy/options.h"

#include <gtest/gtest.h>

namespace sandbox::tool {
namespace {

Result<std::variant<Options, Information>, UsageError> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "sandbox-policy");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return parse_options(static_cast<int>(words.size()), argv.data());
}

Options options_of(const std::vector<std::string>& words) {
  const auto parsed = parse(words);
  if (!parsed) ADD_FAILURE() << parsed.error().message;
  return parsed && std::holds_alternative<Options>(*parsed) ? std::get<Options>(*parsed) : Options();
}

std::string error_of(const std::vector<std::string>& words) {
  const auto parsed = parse(words);
  return parsed ? "" : parsed.error().message;
}

using Words = std::vector<std::string>;

TEST(PolicyOptions, EachGoesIntoAMemberOfItsOwn) {
  EXPECT_TRUE(options_of({"check", "--strict", "x"}).strict);
  EXPECT_TRUE(options_of({"check", "--format", "json", "x"}).json);
  EXPECT_TRUE(options_of({"check", "--json", "x"}).json);
  EXPECT_EQ(options_of({"test", "--json", "x"}).format, OutputFormat::kJson);
  EXPECT_TRUE(options_of({"audit", "--json", "--format", "json"}).json);
  EXPECT_FALSE(options_of({"check", "--format=text", "x"}).json);
  EXPECT_TRUE(options_of({"show", "--all", "x"}).all);
  EXPECT_TRUE(options_of({"explain", "--path", "x", "read"}).path);
  EXPECT_TRUE(options_of({"compile", "--raw", "-o", "out", "x"}).raw);
  EXPECT_TRUE(options_of({"convert", "--to", "oci", "--lossy", "x"}).lossy);
  EXPECT_EQ(options_of({"convert", "--to", "oci", "x"}).to, "oci");
  EXPECT_EQ(options_of({"compile", "--output=out", "x"}).output, "out");
  EXPECT_EQ(options_of({"audit", "--pid", "17"}).pid, 17);
  EXPECT_EQ(options_of({"audit", "--call", "open", "--call", "close"}).calls, (Words{"open", "close"}));
  EXPECT_EQ(options_of({"show", "--arch", "arm", "--machine", "s390x", "x"}).arch, arch::Abi::kArm);
  EXPECT_EQ(options_of({"show", "--arch", "arm", "--machine", "s390x", "x"}).machine, arch::Abi::kS390x);
  EXPECT_EQ(options_of({"show", "--cap", "net_raw,sys_admin", "x"}).capabilities->names,
            (std::set<std::string>{"CAP_NET_RAW", "CAP_SYS_ADMIN"}));
  EXPECT_FALSE(options_of({"show", "x"}).capabilities);
  EXPECT_TRUE(options_of({"show", "--cap", "own", "x"}).capabilities->own);
  EXPECT_EQ(options_of({"show", "--kernel", "5.10", "x"}).kernel, (arch::KernelVersion{5, 10}));
  EXPECT_EQ(options_of({"show", "x"}).kernel, arch::newest_release());
  EXPECT_TRUE(options_of({"show", "--kernel-widths", "x"}).kernel_widths);
  EXPECT_TRUE(options_of({"show", "-q", "x"}).quiet);

  const Options plain = options_of({"show", "x"});
  EXPECT_EQ(plain.command, Command::kShow);
  EXPECT_FALSE(plain.strict || plain.json || plain.all || plain.path || plain.raw || plain.lossy || plain.narrow ||
               plain.quiet || plain.kernel_widths);
  EXPECT_FALSE(plain.arch || plain.pid);
  EXPECT_EQ(plain.output + plain.to + plain.merge, "");
  EXPECT_EQ(plain.machine, arch::native_abi());
}

// All words after the first that is no option belong to the program.
TEST(PolicyOptions, RecordStopsAtTheProgram) {
  const Options options =
      options_of({"record", "-o", "p.yml", "--args", "--assume", "@basic-io", "ls", "-q", "--args"});
  EXPECT_EQ(options.output, "p.yml");
  EXPECT_TRUE(options.narrow);
  EXPECT_FALSE(options.quiet);
  EXPECT_EQ(options.assumed, (Words{"@basic-io"}));
  EXPECT_EQ(options.arguments, (Words{"ls", "-q", "--args"}));
  EXPECT_EQ(options_of({"record", "-o", "p", "--merge", "m", "--", "-x", "--", "y"}).arguments,
            (Words{"-x", "--", "y"}));
  EXPECT_EQ(options_of({"record", "-o", "p", "--merge", "m", "--", "ls"}).merge, "m");
  EXPECT_EQ(options_of({"record", "--output=p", "ls", "[a,b]"}).arguments, (Words{"ls", "[a,b]"}));
}

/// Options that stand alone are read without CLI11; one that does not makes no difference to the others.
TEST(PolicyOptions, RecordReadsItsOptionsInEitherWay) {
  for (const Words& other : {Words{}, Words{"--assume=@basic-io"}}) {
    Words words = {"record", "-q", "--output", "p.yml", "--args", "--assume", "@process", "--force"};
    words.insert(words.end(), other.begin(), other.end());
    words.insert(words.end(), {"--", "ls", "-o", "x"});
    const Options options = options_of(words);
    EXPECT_TRUE(options.quiet && options.narrow && options.force);
    EXPECT_EQ(options.output, "p.yml");
    EXPECT_EQ(options.assumed, other.empty() ? (Words{"@process"}) : (Words{"@process", "@basic-io"}));
    EXPECT_EQ(options.arguments, (Words{"ls", "-o", "x"}));
  }
  EXPECT_EQ(error_of({"record", "-o", "a", "-o", "b", "ls"}), "record: option '--output' is given more than once");
  EXPECT_EQ(error_of({"record", "-o"}), "record: option '--output' needs a value");
  EXPECT_EQ(error_of({"record", "-o", "p", "--strict", "ls"}),
            "record: unknown option '--strict'; --help lists the options");
}

TEST(PolicyOptions, NegativeNumbersAreArgumentsOfACall) {
  EXPECT_EQ(options_of({"explain", "x", "openat", "-100", "-1"}).arguments, (Words{"x", "openat", "-100", "-1"}));
  EXPECT_EQ(error_of({"explain", "x", "openat", "-x"}), "explain: unknown option '-x'; --help lists the options");
}

TEST(PolicyOptions, TakeWhatTheirCommandTakes) {
  EXPECT_EQ(error_of({"show", "--strict", "x"}), "show: unknown option '--strict'; --help lists the options");
  EXPECT_EQ(error_of({"check", "--output", "out", "x"}), "check: unknown option '--output'; --help lists the options");
  EXPECT_EQ(error_of({"show", "--mashine=x86", "x"}), "show: unknown option '--mashine'; did you mean '--machine'?");
}

TEST(PolicyOptions, NoValueIsEmptyOrGivenTwice) {
  for (const char* option : {"--format", "--arch", "--machine", "--cap"}) {
    const std::string name = "show: option '" + std::string(option) + "'";
    EXPECT_EQ(error_of({"show", option, "", "x"}), name + " needs a value");
    EXPECT_EQ(error_of({"show", "x", option, "json", option, "text"}), name + " is given more than once");
  }
  EXPECT_EQ(error_of({"audit", "--call", ""}), "audit: option '--call' needs a value");
  EXPECT_EQ(error_of({"record", "-o", "p", "--assume", "", "ls"}), "record: option '--assume' needs a value");
}

TEST(PolicyOptions, SomeCommandsCannotDoWithoutOne) {
  EXPECT_EQ(error_of({"compile", "x"}), "compile: expected -o OUT");
  EXPECT_EQ(error_of({"record", "ls"}), "record: expected -o OUT");
  EXPECT_EQ(error_of({"convert", "x"}), "convert: expected --to FORMAT: beats, oci, k8s, systemd or bpf");
  EXPECT_EQ(error_of({"convert", "--to", "beat", "x"}), "convert: unknown format 'beat'; did you mean 'beats'?");
  EXPECT_EQ(error_of({"audit", "--pid", "17x"}), "audit: expected a process's number, found '17x'");
  EXPECT_EQ(error_of({"audit", "--pid", "-1"}), "audit: expected a process's number, found '-1'");
  EXPECT_EQ(options_of({"audit"}).arguments, Words());
}

TEST(PolicyOptions, HelpIsGivenWhateverElseIsWrong) {
  const auto parsed = parse({"compile", "--cap", "none", "--help"});
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(std::holds_alternative<Information>(*parsed));
}

}  // namespace
}  // namespace sandbox::tool
