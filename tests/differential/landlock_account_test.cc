// Our account of what Landlock makes of a call, against the kernel: random trees, rulesets and calls. The child makes
// the call under the ruleset, after the parent has said what will come of it. SANDBOX_RUN_TEST_CASES=N tries N calls,
// SANDBOX_RUN_TEST_SEED=N repeats a run.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "arch/syscalls.h"
#include "base/file.h"
#include "kernel/landlock_account.h"
#include "kernel/proc.h"
#include "landlock_tree.h"
#include "random.h"

namespace sandbox::differential {
namespace {

using kernel::LandlockAccount;
using resolve::PlacedRuleset;
using namespace arch::file_right;

constexpr size_t kCases = 5000;  // That Landlock is asked about; the test runs as root and as nobody.
constexpr size_t kCasesOfTree = 40;

// ---- The kernel's ruleset ----

struct RulesetAttributes {
  uint64_t files = 0, ports = 0, scopes = 0;
};
struct __attribute__((packed)) PathRule {
  uint64_t rights = 0;
  int32_t fd = -1;
};
struct PortRule {
  uint64_t rights = 0, port = 0;
};

int abi() {
  return static_cast<int>(syscall(SYS_landlock_create_ruleset, nullptr, 0, 1));
}

/// A ruleset, for the kernel and for the account.
struct Layer {
  UniqueFd ruleset;
  PlacedRuleset placed;
};

void add_path(Layer& layer, const std::string& path, arch::FileRights rights) {
  const UniqueFd fd(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!fd.valid()) return;
  const auto status = kernel::status_of(fd.get());
  if (!status) return;
  if (!S_ISDIR(status->mode)) rights &= kOfFiles;
  rights &= layer.placed.handled_files;
  if (rights == 0) return;
  const PathRule rule = {rights, fd.get()};
  if (syscall(SYS_landlock_add_rule, layer.ruleset.get(), 1, &rule, 0) == 0) layer.placed.files[status->id] |= rights;
}

arch::FileRights random_rights(Random& random) {
  constexpr std::array kWords = {
      kReadFile | kReadDir, kAll, kExecute | kReadFile, kAll & ~kRefer, kMakeReg | kWriteFile | kTruncate | kRemoveFile,
      kAll & ~kExecute};
  arch::FileRights rights = kWords[random.below(kWords.size())];
  if (random.one_in(3)) rights ^= random.bits() & random.bits();
  return rights & kAll;
}

Layer random_layer(const LandlockTree& tree, Random& random) {
  Layer layer;
  RulesetAttributes attributes;
  attributes.files = arch::bits_of(arch::file_rights(), abi());
  if (random.one_in(8)) attributes.files &= random.bits() | random.bits();
  if (random.one_in(2)) attributes.ports = arch::bits_of(arch::port_rights(), abi());
  if (random.one_in(8) && attributes.ports != 0) attributes.files = 0;
  layer.placed.handled_files = attributes.files;
  layer.placed.handled_ports = attributes.ports;
  layer.ruleset = UniqueFd(static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, abi() < 4 ? 8 : 16, 0)));
  // Enough for half of the calls, and /proc, which many paths go through.
  add_path(layer, "/proc", random.one_in(4) ? 0 : kReadFile | kReadDir);
  if (!random.one_in(5)) add_path(layer, tree.base(), random_rights(random));
  if (random.one_in(3)) add_path(layer, "/", random_rights(random));
  for (size_t i = random.between(1, 6); i > 0; --i) add_path(layer, tree.entry(random), random_rights(random));
  for (size_t i = random.between(1, 4); i > 0 && attributes.ports != 0; --i) {
    const uint64_t rights = attributes.ports & random.between(1, 3);
    const PortRule rule = {rights, 5000 + random.below(4)};
    if (rights == 0 || syscall(SYS_landlock_add_rule, layer.ruleset.get(), 2, &rule, 0) != 0) continue;
    layer.placed.ports[static_cast<uint16_t>(rule.port)] |= rights;
  }
  return layer;
}

// ---- The call ----

/// Arguments and what they point to.
struct Call {
  std::string name;
  std::array<uint64_t, 6> arguments = {};
  std::string first, second;
  std::string place;  ///< The working directory.
  open_how how = {};
  sockaddr_storage address = {};
};

uint64_t pointer(const void* to) {
  return reinterpret_cast<uint64_t>(to);
}

int random_directory(const LandlockTree& tree, Random& random) {
  return random.one_in(3) ? random.pick(tree.descriptors()) : AT_FDCWD;
}

uint64_t random_open_flags(Random& random) {
  constexpr std::array<int, 4> kModes = {O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY};
  uint64_t flags = O_NONBLOCK | O_CLOEXEC | kModes[random.below(kModes.size())];
  if (random.one_in(40)) flags |= O_ACCMODE;
  for (const int flag : {O_CREAT, O_TRUNC, O_EXCL, O_NOFOLLOW, O_DIRECTORY, O_APPEND}) {
    if (random.one_in(6)) flags |= flag;
  }
  if (random.one_in(2)) flags &= ~(O_EXCL | O_DIRECTORY);
  if (random.one_in(20)) flags |= O_TMPFILE;
  return flags;
}

using Fill = void (*)(Call&, const LandlockTree&, Random&);

void fill_openat(Call& call, const LandlockTree& tree, Random& random) {
  call.arguments = {static_cast<uint64_t>(random_directory(tree, random)), pointer(call.first.c_str()),
                    random_open_flags(random), 0644};
}

void fill_openat2(Call& call, const LandlockTree& tree, Random& random) {
  fill_openat(call, tree, random);
  call.how.flags = call.arguments[2];
  const bool creates = (call.how.flags & O_CREAT) != 0 || (call.how.flags & O_TMPFILE) == O_TMPFILE;
  if (creates) call.how.mode = 0644;
  for (const uint64_t flag :
       {RESOLVE_NO_XDEV, RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH, RESOLVE_IN_ROOT}) {
    if (random.one_in(8)) call.how.resolve |= flag;
  }
  call.arguments[2] = pointer(&call.how);
  call.arguments[3] = sizeof call.how;
}

void fill_path(Call& call, const LandlockTree&, Random&) {
  call.arguments = {pointer(call.first.c_str())};
}

void fill_make(Call& call, const LandlockTree&, Random&) {
  call.arguments = {pointer(call.first.c_str()), 0755};
}

void fill_mknodat(Call& call, const LandlockTree& tree, Random& random) {
  constexpr std::array<unsigned, 5> kTypes = {S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, 0};
  call.arguments = {static_cast<uint64_t>(random_directory(tree, random)), pointer(call.first.c_str()),
                    kTypes[random.below(kTypes.size())] | 0644, 0x103};
}

void fill_unlinkat(Call& call, const LandlockTree& tree, Random& random) {
  call.arguments = {static_cast<uint64_t>(random_directory(tree, random)), pointer(call.first.c_str()),
                    random.one_in(2) ? AT_REMOVEDIR : 0U};
}

void fill_symlink(Call& call, const LandlockTree&, Random&) {
  call.arguments = {pointer("../f0"), pointer(call.first.c_str())};
}

void fill_two(Call& call, const LandlockTree& tree, Random& random) {
  call.arguments = {static_cast<uint64_t>(random_directory(tree, random)), pointer(call.first.c_str()),
                    static_cast<uint64_t>(random_directory(tree, random)), pointer(call.second.c_str())};
  if (call.name == "renameat2" && random.one_in(3)) call.arguments[4] = random.between(1, 2);
  if (call.name == "linkat" && random.one_in(2)) call.arguments[4] = AT_SYMLINK_FOLLOW;
  if (call.name == "linkat" && random.one_in(6) && geteuid() == 0) {  // Else it is ENOENT.
    call.first.clear();
    call.arguments[0] = random.pick(tree.descriptors());
    call.arguments[4] |= AT_EMPTY_PATH;
  }
}

void fill_execve(Call& call, const LandlockTree&, Random&) {
  static const char* const kNothing[] = {nullptr};
  call.arguments = {pointer(call.first.c_str()), pointer(kNothing), pointer(kNothing)};
}

void fill_execveat(Call& call, const LandlockTree& tree, Random& random) {
  static const char* const kNothing[] = {nullptr};
  uint64_t flags = random.one_in(4) ? AT_SYMLINK_NOFOLLOW : 0;
  if (random.one_in(4)) {
    call.first.clear();
    flags |= AT_EMPTY_PATH;
  }
  call.arguments = {static_cast<uint64_t>(random_directory(tree, random)), pointer(call.first.c_str()),
                    pointer(kNothing), pointer(kNothing), flags};
}

void fill_mount(Call& call, const LandlockTree&, Random&) {
  call.arguments = {pointer("none"), pointer(call.first.c_str()), pointer("tmpfs"), 0, 0};
}

/// The socket is made before: see make_socket().
void fill_socket(Call& call, const LandlockTree&, Random& random) {
  const auto family = static_cast<sa_family_t>(random.below(4) == 0 ? AF_INET6 : random.one_in(3) ? AF_UNIX : AF_INET);
  size_t size = sizeof(sockaddr_in);
  call.address.ss_family = family;
  if (family == AF_UNIX) {
    auto* address = reinterpret_cast<sockaddr_un*>(&call.address);
    call.first.copy(address->sun_path, sizeof address->sun_path - 1);
    size = sizeof *address;
  } else if (family == AF_INET) {
    auto* address = reinterpret_cast<sockaddr_in*>(&call.address);
    address->sin_port = htons(static_cast<uint16_t>(5000 + random.below(5)));
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else {
    auto* address = reinterpret_cast<sockaddr_in6*>(&call.address);
    address->sin6_port = htons(static_cast<uint16_t>(5000 + random.below(5)));
    address->sin6_addr = in6addr_loopback;
    size = sizeof *address;
  }
  call.arguments = {0, pointer(&call.address), size};
}

const std::map<std::string, std::pair<Fill, unsigned>>& fillers() {  // And how often.
  static const std::map<std::string, std::pair<Fill, unsigned>> kAll = {
      {"openat", {fill_openat, 10}},    {"openat2", {fill_openat2, 3}}, {"truncate", {fill_path, 2}},
      {"mkdir", {fill_make, 2}},        {"rmdir", {fill_path, 2}},      {"unlink", {fill_path, 2}},
      {"unlinkat", {fill_unlinkat, 2}}, {"mknodat", {fill_mknodat, 3}}, {"symlink", {fill_symlink, 2}},
      {"renameat2", {fill_two, 6}},     {"linkat", {fill_two, 5}},      {"execve", {fill_execve, 3}},
      {"execveat", {fill_execveat, 3}}, {"mount", {fill_mount, 1}},     {"connect", {fill_socket, 2}},
      {"bind", {fill_socket, 2}},       {"creat", {fill_make, 1}}};
  return kAll;
}

/// Fills a call that does not move any more: its pointers are its own.
void fill_random(Call& call, const LandlockTree& tree, Random& random) {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const auto& [name, filler] : fillers()) names.insert(names.end(), filler.second, name);
    return names;
  }();
  call.name = random.pick(kNames);
  std::string other;
  call.second = tree.path(random, other);
  call.first = tree.path(random, call.place);
  fillers().at(call.name).first(call, tree, random);
}

/// For calls about sockets, in the child and before anything else: the argument is its number.
void make_socket(Call& call, Random& random) {
  if (call.name != "connect" && call.name != "bind") return;
  const int type = random.one_in(4) ? SOCK_DGRAM : SOCK_STREAM;
  call.arguments[0] = socket(call.address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

// ---- A case ----

report::MemoryReader memory_of(pid_t pid) {
  return [pid](uint64_t address, std::span<std::byte> into) -> size_t {
    const iovec here = {into.data(), into.size()};
    // To the end of a page at most: what lies behind may not be there.
    size_t done = 0;
    while (done < into.size()) {
      const size_t size = std::min(into.size() - done, 4096 - (address + done) % 4096);
      const iovec part = {static_cast<std::byte*>(here.iov_base) + done, size};
      const iovec there = {reinterpret_cast<void*>(address + done), size};
      if (process_vm_readv(pid, &part, 1, &there, 1, 0) != static_cast<ssize_t>(size)) break;
      done += size;
    }
    return done;
  };
}

struct Outcome {
  int error = 0;  ///< Of the call; 0: it succeeded.
};

/// Behind this nothing but what is asserted: the child.
[[noreturn]] void make_call(const Call& call, uint32_t number, const std::vector<Layer>& layers, int go, int out) {
  alarm(20);
  char byte = 0;
  if (read(go, &byte, 1) != 1) _exit(3);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  for (const Layer& layer : layers) {
    if (syscall(SYS_landlock_restrict_self, layer.ruleset.get(), 0) != 0) _exit(4);
  }
  const auto& a = call.arguments;
  Outcome outcome;
  if (syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]) < 0) outcome.error = errno;
  if (write(out, &outcome, sizeof outcome) != sizeof outcome) _exit(5);
  _exit(0);
}

struct Tested {
  Result<LandlockAccount, int> account = LandlockAccount{};
  bool concerned = false;  ///< Landlock was asked.
  int error = 0;
};

class LandlockAccountTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (abi() < 1) GTEST_SKIP() << "the kernel has no Landlock, or it is switched off";
    std::string name = (std::filesystem::temp_directory_path() / "landlock.XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    base_ = std::filesystem::canonical(name).string();
    mounts_ = unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    ASSERT_GE(kernel::proc_directory(), 0);
  }
  void TearDown() override {
    std::error_code ignored;
    if (chdir("/") == 0 && !base_.empty()) std::filesystem::remove_all(base_, ignored);
  }

  Tested run(const LandlockTree& tree, Random& random) const;

  std::string base_;
  bool mounts_ = false;
};

Tested LandlockAccountTest::run(const LandlockTree& tree, Random& random) const {
  std::vector<Layer> layers;
  for (size_t i = random.one_in(3) ? 2 : 1; i > 0; --i) layers.push_back(random_layer(tree, random));
  std::vector<PlacedRuleset> placed;
  for (const Layer& layer : layers) placed.push_back(layer.placed);
  Call call;
  fill_random(call, tree, random);
  const uint32_t number = *arch::number_of(arch::native_abi(), call.name);
  const std::string root = mounts_ && random.one_in(20) ? tree.base() : "";
  const std::string& place = call.place;

  int go[2];
  int out[2];
  if (pipe2(go, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) std::abort();
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) {
    // An earlier call may have moved or removed the one or the other.
    if (chdir(place.c_str()) != 0 && chdir(tree.base().c_str()) != 0 && chdir("/") != 0) _exit(6);
    if (!root.empty() && chroot(root.c_str()) != 0 && errno != ENOENT) _exit(7);
    make_socket(call, random);
    if (write(ready[1], &call.arguments, sizeof call.arguments) < 0) _exit(8);
    make_call(call, number, layers, go[0], out[1]);
  }
  const UniqueFd ends[] = {UniqueFd(go[0]), UniqueFd(go[1]), UniqueFd(out[0]), UniqueFd(ready[0])};
  close(out[1]);
  close(ready[1]);
  Tested tested;
  bpf::SystemCall made;
  if (read(ready[0], made.args.data(), sizeof made.args) != sizeof made.args) std::abort();
  made.number = number;
  made.arch = arch::info(arch::native_abi()).audit_arch;
  if (const auto wanted = report::landlock_call(arch::native_abi(), made, memory_of(child))) {
    tested.account = kernel::account_of(kernel::CallerFiles(child), *wanted, placed);
    const bool plain = kernel::is_plainly_allowed(kernel::CallerFiles(child), *wanted, placed);
    EXPECT_FALSE(plain && tested.account.ok() && tested.account->denial) << call.first;
    tested.concerned = tested.account.ok() && (tested.account->denial || !tested.account->uses.empty());
  }
  if (write(go[1], "", 1) != 1) std::abort();
  Outcome outcome;
  if (read(out[0], &outcome, sizeof outcome) != sizeof outcome) outcome.error = -1;
  int status = 0;
  waitpid(child, &status, 0);
  tested.error = outcome.error;

  // An overlay answers so where it would have to move what is in a lower layer.
  const bool overlay = (call.first + call.second + place).find("overlay") != std::string::npos;
  const bool denied = tested.account.ok() && tested.account->denial;
  // Executing takes a permission of the file, and connecting to a unix socket that to write.
  const bool unix_socket = call.name == "connect" && call.address.ss_family == AF_UNIX;
  const bool by_permissions = call.name.starts_with("execve") || unix_socket;
  // fs.protected_hardlinks, which is asked before Landlock; the account does not know it.
  const bool protected_link = call.name == "linkat" && geteuid() != 0 && tested.error == EPERM;
  const bool right = !tested.account.ok() ? true
                     : denied             ? tested.error == tested.account->denial->error || protected_link
                     : tested.concerned
                         ? tested.error != EACCES && (tested.error != EXDEV || overlay) && tested.error != -1
                         : (tested.error != EACCES || by_permissions) && tested.error != -1;
  std::string text = "tree " + tree.base() + "\n" + call.name;
  for (const uint64_t argument : made.args) text += " " + std::to_string(static_cast<int64_t>(argument));
  if (tested.account.ok()) {
    for (const auto& use : tested.account->uses)
      text += "\n  use " + use.path + ": " + arch::describe_access(use.rights);
  }
  for (const PlacedRuleset& layer : placed) {
    text += "\n  layer of " + std::to_string(layer.handled_files) + ":";
    for (const auto& [file, rights] : layer.files)
      text += " " + std::to_string(file.inode) + ":" + std::to_string(rights);
  }
  EXPECT_TRUE(right) << text << "\n  " << call.first << "\n  " << call.second << "\n  flags " << std::hex
                     << call.how.flags << " resolve " << call.how.resolve << std::dec << "\n  in " << place << ", root "
                     << root << ": errno " << tested.error << (tested.concerned ? ", concerned" : "") << ", account: "
                     << (denied ? std::to_string(tested.account->denial->error) + " at " +
                                      tested.account->denial->reason.path + " missing " +
                                      arch::describe_access(tested.account->denial->reason.files)
                                : "allowed");
  return tested;
}

TEST_F(LandlockAccountTest, AgreesWithTheKernel) {
  const char* wanted = std::getenv("SANDBOX_RUN_TEST_CASES");
  const size_t cases = wanted == nullptr ? kCases : std::strtoul(wanted, nullptr, 10);
  const uint64_t seed = run_seed();
  size_t allowed = 0;
  size_t denied = 0;
  size_t unjudged = 0;
  size_t unconcerned = 0;
  size_t tried = 0;
  for (size_t tree_index = 0; allowed + denied < cases && !HasFailure(); ++tree_index) {
    Random random = nth_random(seed, tree_index);
    const LandlockTree tree(base_, random, mounts_ && !random.one_in(4));  // Else on the mount of the root.
    for (size_t i = 0; i < kCasesOfTree && !HasFailure(); ++i) {
      const Tested tested = run(tree, random);
      ++tried;
      if (!tested.account.ok()) {
        ++unjudged;
      } else if (!tested.concerned) {
        ++unconcerned;
      } else {
        ++(tested.account->denial ? denied : allowed);
      }
    }
  }
  std::printf("seed %llu: %zu calls, of which Landlock was asked about %zu: %zu allowed, %zu denied; %zu not judged\n",
              static_cast<unsigned long long>(seed), tried, allowed + denied, allowed, denied, unjudged);
  EXPECT_GT(allowed, (allowed + denied) * 2 / 5);
  EXPECT_GT(denied, (allowed + denied) * 2 / 5);
  EXPECT_LT(unjudged, tried / 50);
}

}  // namespace
}  // namespace sandbox::differential
