// Calls that are denied while others, which do the same work, are not.
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "arch/abi.h"
#include "arch/constants.h"
#include "arch/syscalls.h"
#include "bpf/program.h"
#include "policy/policy.h"
#include "resolve/evaluate.h"
#include "resolve/lint/parts.h"
#include "resolve/lint/siblings.h"

namespace sandbox::resolve {
namespace {

/// Calls each of which makes it pointless to deny or to filter the others alone.
struct Family {
  std::string_view members;
  /// Calls that do what the members do; denying one of them alone has other reasons.
  std::string_view more = {};
  /// Calls that do what the members do beside other things. A policy that allows one of them by name wants those; they
  /// count where nothing is said of them and the default lets them pass.
  std::string_view also = {};
  std::string_view effect = "the same can be done";
  std::string_view advice = {};  ///< What to do about `also`, if denying is not it.
  /// The argument with which `also` does it. None: for --deny only what is allowed for all arguments counts.
  std::optional<uint64_t> argument = std::nullopt;
};

constexpr Family kExecve = {"execve execveat"};

constexpr Family kCreat = {"creat",
                           {},
                           "open openat openat2",
                           "files can be created too",
                           "; deny their O_CREAT, and answer 'openat2', which has it in memory, with errno ENOSYS"};

constexpr Family kFamilies[] = {
    kExecve,
    {"open openat openat2", {}, "creat"},
    {"read pread64 readv preadv preadv2"},
    {"write pwrite64 writev pwritev pwritev2"},
    {"rename renameat renameat2"},
    {"link linkat"},
    {"symlink symlinkat"},
    {"unlink unlinkat"},
    {"rmdir unlinkat"},
    {"mkdir mkdirat"},
    {"mknod mknodat"},
    {"chmod fchmod fchmodat fchmodat2"},
    {"chown lchown fchown fchownat"},
    {"truncate", "ftruncate"},
    {"utime utimes futimesat utimensat"},
    {"setxattr lsetxattr fsetxattr setxattrat"},
    {"removexattr lremovexattr fremovexattr removexattrat"},
    {"getdents", "readdir"},
    {"mmap mmap2"},
    {"mprotect", "pkey_mprotect"},
    {"accept accept4"},
    {"send sendto sendmsg sendmmsg"},
    {"recv recvfrom recvmsg recvmmsg"},
    {"connect", {}, "sendto sendmsg sendmmsg", "data can be sent without connecting"},
    {"ptrace process_vm_readv process_vm_writev", {}, {}, "the memory of other processes can be reached too"},
    {"ptrace", "pidfd_getfd", {}, "the files of other processes can be taken too"},
    {"kill tkill tgkill pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo"},
    {"setuid setreuid setresuid"},
    {"setgid setregid setresgid"},
    {"fork vfork",
     {},
     "clone clone3",
     "processes can be started too",
     "; allow 'clone' with CLONE_THREAD only, and answer 'clone3' with errno ENOSYS",
     SIGCHLD},
    {"unshare",
     {},
     "clone clone3",
     "namespaces can be made too",
     "; deny 'clone' with the CLONE_NEW... flags, and answer 'clone3' with errno ENOSYS"},
    {"mount move_mount", "fsopen", {}, "file systems can be mounted too"},
    {"mount", "mount_setattr", {}, "the flags of mounts can be changed too"},
    {"umount umount2"},
    {"init_module finit_module"},
    {"kexec_load kexec_file_load"},
    {"settimeofday clock_settime", "stime", "adjtimex clock_adjtime", "the clock can be set too"},
    {"iopl ioperm", {}, {}, "I/O ports can be reached too"},
    {"quotactl quotactl_fd"},
    {"setrlimit", "prlimit64"},
    {"sched_setscheduler sched_setattr"},
};

/// What io_uring does without a system call that a filter would see: the IORING_OP_* of Linux up to 6.17.
constexpr std::string_view kIoUringCalls =
    "open openat openat2 read pread64 readv preadv preadv2 write pwrite64 writev pwritev pwritev2 socket connect "
    "accept accept4 bind listen send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg shutdown unlink unlinkat "
    "rmdir "
    "rename renameat renameat2 mkdir mkdirat symlink symlinkat link linkat setxattr fsetxattr getxattr fgetxattr "
    "statx fallocate truncate ftruncate splice tee";

/// The same call for other sizes of time_t, off_t or ids: stat64, chown32, clock_settime64, futex_time64.
std::array<std::string, 4> spellings(std::string_view call) {
  constexpr std::array<std::string_view, 3> kSuffixes = {"_time64", "64", "32"};
  for (const std::string_view suffix : kSuffixes) {
    if (!call.ends_with(suffix)) continue;
    call.remove_suffix(suffix.size());
    break;
  }
  std::array<std::string, 4> all;
  all[0] = call;
  for (size_t i = 0; i < kSuffixes.size(); ++i) all[i + 1].append(call).append(kSuffixes[i]);
  return all;
}

/// Calls, by their place in the tables.
class CallMarks {
 public:
  void insert(std::string_view call) {
    if (const auto id = arch::find_call(call)) marked_[static_cast<size_t>(*id)] = true;
  }
  [[nodiscard]] bool contains(std::string_view call) const {
    const auto id = arch::find_call(call);
    return id && marked_[static_cast<size_t>(*id)];
  }

 private:
  std::vector<bool> marked_ = std::vector<bool>(arch::call_count());
};

struct Member {
  std::string_view name;
  Answers answers;
};

class SiblingCheck {
 public:
  SiblingCheck(const RuleSet& rules, Findings& findings) : rules_(rules), findings_(findings) {}

  void check_family(const Family& family);
  void check_clone();
  void check_creat();
  void check_executable_memory();
  void check_io_uring();
  void check_spellings();

 private:
  [[nodiscard]] bool looks_at(std::string_view name, uint8_t argument, uint64_t bits) const;
  void add(std::vector<Member>& members, std::string_view name) const;
  [[nodiscard]] std::vector<Member> members_of(std::string_view names) const;
  void check(const std::vector<Member>& members, const Family& family);
  void report(std::string_view id, const Clause& place, std::string message) {
    findings_.add(id, rules_.abi, place.origin->range, std::move(message));
  }
  [[nodiscard]] std::vector<Member> open_ones(std::string_view names) const;
  [[nodiscard]] bool is_denied(const Member& member) const;
  [[nodiscard]] const Clause* place_of(const std::vector<Member>& members) const;

  const RuleSet& rules_;
  Findings& findings_;
  CallMarks in_families_;
};

void SiblingCheck::add(std::vector<Member>& members, std::string_view name) const {
  for (const std::string& spelling : spellings(name)) {
    const auto number = arch::number_of(rules_.abi, spelling);
    const auto own = number ? arch::name_of(rules_.abi, *number) : std::nullopt;
    if (!own || std::ranges::find(members, *own, &Member::name) != members.end()) continue;
    members.push_back({*own, answers_of(rules_, *number)});
  }
}

std::vector<Member> SiblingCheck::members_of(std::string_view names) const {
  std::vector<Member> members;
  for (const std::string_view name : split_words(names)) add(members, name);
  return members;
}

std::vector<Member> SiblingCheck::open_ones(std::string_view names) const {
  std::vector<Member> members = members_of(names);
  std::erase_if(members, [](const Member& member) { return !member.answers.open(); });
  return members;
}

/// Denied by a group, and not just to send programs to an older call.
bool SiblingCheck::is_denied(const Member& member) const {
  return member.answers.denied() && member.answers.denial != nullptr &&
         !is_no_such_call(member.answers.denied_with, rules_.abi);
}

std::vector<std::string_view> names_of(const std::vector<Member>& members) {
  std::vector<std::string_view> names;
  names.reserve(members.size());
  for (const Member& member : members) names.push_back(member.name);
  return names;
}

std::string is_denied_text(const std::vector<Member>& denied) {
  return quoted_list(names_of(denied)) + (denied.size() == 1 ? " is denied" : " are denied");
}

std::string stays_allowed(const std::vector<Member>& open) {
  return quoted_list(names_of(open)) + (open.size() == 1 ? " stays allowed" : " stay allowed");
}

/// The first clause, in the order of the text, that makes the restriction.
const Clause* SiblingCheck::place_of(const std::vector<Member>& members) const {
  const Clause* first = nullptr;
  for (const Member& member : members) {
    const Clause* clause = member.answers.filtered() ? member.answers.condition : member.answers.denial;
    if (clause != nullptr && (first == nullptr || clause->origin->range.offset < first->origin->range.offset))
      first = clause;
  }
  return first;
}

void SiblingCheck::check(const std::vector<Member>& members, const Family& family) {
  std::vector<Member> denied;
  std::vector<Member> filtered;
  std::vector<Member> open;
  for (const Member& member : members) {
    if (is_denied(member)) denied.push_back(member);
    if (member.answers.filtered()) filtered.push_back(member);
    if (member.answers.open()) open.push_back(member);
  }
  for (const Member& member : open_ones(family.more)) open.push_back(member);
  const size_t own = open.size();
  const auto clone = answers_of(rules_, "clone");
  for (const Member& member : members_of(family.also)) {
    // Where clone is restricted, check_clone has said it.
    if (member.name == "clone3" && clone && !clone->open()) continue;
    if (member.answers.open() && member.answers.permission == nullptr) open.push_back(member);
  }
  if (open.empty()) return;
  const bool advised = open.size() > own && !family.advice.empty();  // The advice is about the calls of `also`.
  if (!denied.empty()) {
    const std::string advice = advised            ? std::string(family.advice)
                               : open.size() == 1 ? "; deny it too"
                                                  : "; deny them too";
    report("sibling-open", *place_of(denied),
           is_denied_text(denied) + ", but " + stays_allowed(open) + ", with which " + std::string(family.effect) +
               advice);
  }
  if (filtered.empty()) return;
  const bool in_memory = std::ranges::find(open, "openat2", &Member::name) != open.end();
  const std::string advice = advised            ? std::string(family.advice)
                             : in_memory        ? "; 'openat2' has its flags in memory, so deny it with errno ENOSYS"
                             : open.size() == 1 ? "; give it conditions too, or deny it"
                                                : "; give them conditions too, or deny them";
  report("sibling-unfiltered", *place_of(filtered),
         quoted_list(names_of(filtered)) + (filtered.size() == 1 ? " has" : " have") + " conditions, but " +
             stays_allowed(open) + " regardless of the arguments, with which " + std::string(family.effect) + advice);
}

void SiblingCheck::check_family(const Family& family) {
  const std::vector<Member> members = members_of(family.members);
  for (const Member& member : members) in_families_.insert(member.name);
  check(members, family);
}

/// clone's flags decide what else makes the same: clone3 always, unshare and setns for namespaces, fork for processes.
void SiblingCheck::check_clone() {
  constexpr uint64_t kNamespaces = 0x7E020000;  // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET.
  constexpr uint64_t kThread = 0x00010000;
  const auto number = arch::number_of(rules_.abi, "clone");
  if (!number) return;
  const Member clone = {"clone", answers_of(rules_, *number)};
  const bool filtered = clone.answers.filtered();
  if (!filtered && !is_denied(clone)) return;
  uint64_t bits = 0;
  for (const Clause& clause : clauses_of(rules_, *number)) {
    for (const Condition& condition : clause.conditions) bits |= condition.value | condition.mask;
  }
  const bool namespaces = (bits & kNamespaces) != 0;
  const bool processes = !filtered || (bits & kThread) != 0;

  const std::string what = filtered ? "'clone' has conditions" : "'clone' is denied";
  const std::string_view id = filtered ? "sibling-unfiltered" : "sibling-open";
  const Clause& place = *place_of({clone});
  if (const std::vector<Member> newer = open_ones("clone3"); !newer.empty()) {
    report(id, place,
           what + ", but " + stays_allowed(newer) +
               ", which has its flags in memory, where no filter sees them; deny it with errno ENOSYS: libc then takes "
               "'clone'");
  }
  const std::vector<Member> open = open_ones(namespaces && processes ? "unshare setns fork vfork"
                                             : namespaces            ? "unshare setns"
                                             : processes             ? "fork vfork"
                                                                     : "");
  if (open.empty()) return;
  const std::string_view effect = namespaces && processes ? "namespaces are entered or processes started too"
                                  : namespaces            ? "namespaces are entered too"
                                                          : "processes are started too";
  report(id, place,
         what + ", but " + stays_allowed(open) + ", with which " + std::string(effect) +
             (open.size() == 1 ? "; deny it too" : "; deny them too"));
}

/// Whether a call passes or not by some of these bits of an argument, and a group says so.
bool SiblingCheck::looks_at(std::string_view name, uint8_t argument, uint64_t bits) const {
  const auto number = arch::number_of(rules_.abi, name);
  if (!number || !answers_of(rules_, *number).filtered()) return false;
  const auto looks = [&](const Condition& condition) {
    return condition.argument == argument && ((condition.value | condition.mask) & bits) != 0;
  };
  return std::ranges::any_of(clauses_of(rules_, *number), [&](const Clause& clause) {
    return is_written(clause) && std::ranges::any_of(clause.conditions, looks);
  });
}

/// creat is open with O_CREAT, O_WRONLY and O_TRUNC. That it is allowed by name counts here: its flags are fixed.
void SiblingCheck::check_creat() {
  // Where one of these is restricted, its own family has told of the others.
  const auto restricts = [&](const Member& member) { return is_denied(member) || member.answers.filtered(); };
  if (std::ranges::none_of(members_of(kCreat.also), restricts)) check_family(kCreat);
  const auto creat = answers_of(rules_, "creat");
  if (!creat || !creat->open() || creat->permission == nullptr) return;
  uint64_t flags = 0;
  for (const std::string_view name : {"O_CREAT", "O_WRONLY", "O_TRUNC"}) {
    flags |= arch::constant(rules_.abi, name).value_or(0);
  }
  std::vector<Member> restricted;
  if (looks_at("open", 1, flags)) add(restricted, "open");
  if (looks_at("openat", 2, flags)) add(restricted, "openat");
  if (restricted.empty()) return;
  report("sibling-unfiltered", *place_of(restricted),
         quoted_list(names_of(restricted)) + (restricted.size() == 1 ? " has" : " have") +
             " conditions on flags, but 'creat' stays allowed, which opens with O_CREAT, O_WRONLY and O_TRUNC; deny it "
             "too");
}

/// What else makes memory executable where PROT_EXEC is denied: shmat by SHM_EXEC, and whatever is readable once
/// personality has READ_IMPLIES_EXEC (do_mmap in mm/mmap.c). remap_file_pages does not: it keeps the protection.
void SiblingCheck::check_executable_memory() {
  constexpr uint64_t kProtExec = 4;
  constexpr std::string_view kProtected[] = {"mmap", "mmap2", "mprotect", "pkey_mprotect"};
  std::vector<Member> restricted;
  for (const std::string_view name : kProtected) {
    if (looks_at(name, 2, kProtExec)) restricted.push_back({name, *answers_of(rules_, name)});
  }
  if (restricted.empty()) return;
  const std::string subject = quoted_list(names_of(restricted)) + (restricted.size() == 1 ? " has" : " have") +
                              " conditions on PROT_EXEC, but ";
  const auto warn = [&](const std::vector<Member>& open, std::string_view effect) {
    if (open.empty()) return;
    report("sibling-unfiltered", *place_of(restricted),
           subject + stays_allowed(open) + ", with which " + std::string(effect));
  };
  // check_family() has warned of pkey_mprotect and mprotect, and of mmap and mmap2.
  const auto has = [&](std::string_view name) {
    return std::ranges::find(restricted, name, &Member::name) != restricted.end();
  };
  std::vector<Member> open = open_ones("shmat");
  if (!has("mmap") && !has("mmap2")) std::ranges::move(open_ones("mmap mmap2"), std::back_inserter(open));
  if (!has("mprotect")) std::ranges::move(open_ones("mprotect"), std::back_inserter(open));
  warn(open, open.size() == 1 ? "memory becomes executable too; give it conditions too, or deny it"
                              : "memory becomes executable too; give them conditions too, or deny them");
  const auto unnamed = [](const Member& member) { return member.answers.permission == nullptr; };
  std::vector<Member> others = open_ones("personality");
  warn(others, "READ_IMPLIES_EXEC makes all that is readable executable; deny it, or allow it 0 and 0xffffffff only");
  others = open_ones("memfd_create");
  std::erase_if(others, std::not_fn(unnamed));
  warn(others, "memory is written through one mapping and executed through another; deny it");
}

void SiblingCheck::check_io_uring() {
  const auto ring = answers_of(rules_, "io_uring_setup");
  if (!ring || !ring->open()) return;
  std::vector<Member> restricted;
  for (const Member& member : members_of(kIoUringCalls)) {
    if (is_denied(member) || member.answers.filtered()) restricted.push_back(member);
  }
  if (restricted.empty()) return;
  const Clause& place = *place_of(restricted);
  constexpr size_t kFew = 3;
  const size_t count = restricted.size();
  std::string list = quoted_list(names_of(restricted));
  if (count > kFew + 1) {
    list.clear();
    for (size_t i = 0; i < kFew; ++i) list += (i > 0 ? ", " : "") + in_quotes(restricted[i].name);
    list += " and " + std::to_string(count - kFew) + " more";
  }
  report("io-uring-open", place,
         list + (count == 1 ? " is" : " are") +
             " restricted, but io_uring does the same past every filter; deny 'io_uring_setup' too");
}

/// Calls of no family that have a sibling only in their own name.
void SiblingCheck::check_spellings() {
  CallMarks seen = in_families_;
  for (const CallRules& call : rules_.calls) {
    // Of calls of which none is restricted there is nothing to say, and most are of that kind.
    const Member own = {"", answers_of(rules_, call.number)};
    if (!is_denied(own) && !own.answers.filtered()) continue;
    const auto name = arch::name_of(rules_.abi, call.number);
    if (!name || seen.contains(*name)) continue;
    const std::vector<Member> members = members_of(*name);
    for (const Member& member : members) seen.insert(member.name);
    if (members.size() > 1) check(members, {});
  }
}

/// The same tables asked without a policy: what a list of denied calls leaves open.
class SiblingSearch {
 public:
  SiblingSearch(arch::Abi abi, const std::set<std::string_view>& denied) : abi_(abi), denied_(denied) {}

  void add_family(const Family& family);
  void add_clone();
  void add_io_uring();
  void add_spellings();
  [[nodiscard]] Siblings found() && { return std::move(found_); }

 private:
  [[nodiscard]] std::vector<std::string_view> calls_of(std::string_view names) const;
  [[nodiscard]] std::vector<std::string_view> denied_among(const std::vector<std::string_view>& calls) const;
  void add(std::vector<std::string_view>& to, const std::vector<std::string_view>& calls) const;

  arch::Abi abi_;
  const std::set<std::string_view>& denied_;
  Siblings found_;
};

/// Those that the ABI has, in all their spellings.
std::vector<std::string_view> SiblingSearch::calls_of(std::string_view names) const {
  std::vector<std::string_view> calls;
  for (const std::string_view name : split_words(names)) {
    for (const std::string& spelling : spellings(name)) {
      const auto number = arch::number_of(abi_, spelling);
      const auto own = number ? arch::name_of(abi_, *number) : std::nullopt;
      if (own && std::ranges::find(calls, *own) == calls.end()) calls.push_back(*own);
    }
  }
  return calls;
}

std::vector<std::string_view> SiblingSearch::denied_among(const std::vector<std::string_view>& calls) const {
  std::vector<std::string_view> denied;
  std::ranges::copy_if(calls, std::back_inserter(denied),
                       [&](std::string_view call) { return denied_.contains(call); });
  return denied;
}

void SiblingSearch::add(std::vector<std::string_view>& to, const std::vector<std::string_view>& calls) const {
  for (const std::string_view call : calls) {
    if (!denied_.contains(call) && std::ranges::find(to, call) == to.end()) to.push_back(call);
  }
}

void SiblingSearch::add_family(const Family& family) {
  const std::vector<std::string_view> members = calls_of(family.members);
  const std::vector<std::string_view> denied = denied_among(members);
  if (denied.empty()) return;
  add(found_.same, members);
  add(found_.same, calls_of(family.more));
  std::vector<std::string_view> also = calls_of(family.also);
  if (std::erase(also, "clone3") > 0) add(found_.absent, {"clone3"});
  std::erase_if(also, [&](std::string_view call) { return denied_.contains(call); });
  if (!also.empty()) found_.partial.push_back({denied, also, family.effect, family.argument});
}

void SiblingSearch::add_clone() {
  if (!denied_.contains("clone")) return;
  add(found_.same, calls_of("fork vfork"));
  add(found_.absent, calls_of("clone3"));
}

void SiblingSearch::add_io_uring() {
  if (!denied_among(calls_of(kIoUringCalls)).empty()) {
    add(found_.absent, calls_of("io_uring_enter io_uring_register io_uring_setup"));
  }
}

void SiblingSearch::add_spellings() {
  for (const std::string_view call : denied_) add(found_.same, calls_of(call));
}

}  // namespace

Siblings siblings_of(arch::Abi abi, const std::set<std::string_view>& denied) {
  SiblingSearch search(abi, denied);
  for (const Family& family : kFamilies) search.add_family(family);
  search.add_family(kCreat);
  search.add_clone();
  search.add_io_uring();
  search.add_spellings();
  return std::move(search).found();
}

bool is_open(const RuleSet& rules, std::string_view call, std::optional<uint64_t> argument) {
  const auto number = arch::number_of(rules.abi, call);
  if (!number) return false;
  if (!argument) return answers_of(rules, *number).open();
  bpf::SystemCall made = {*number, arch::info(rules.abi).audit_arch, {}, 0};
  made.args[0] = *argument;
  made.args[1] = *argument;  // On s390x the first two of clone are swapped.
  return policy::is_allowed(evaluate(PolicyRules{rules}, made).verdict.action);
}

void check_siblings(const RuleSet& rules, Findings& findings) {
  SiblingCheck check(rules, findings);
  for (const Family& family : kFamilies) check.check_family(family);
  check.check_clone();
  check.check_creat();
  check.check_executable_memory();
  check.check_io_uring();
  check.check_spellings();
}

void check_execveat(const RuleSet& rules, Findings& findings) {
  SiblingCheck(rules, findings).check_family(kExecve);
}

void check_io_uring(const RuleSet& rules, Findings& findings) {
  SiblingCheck(rules, findings).check_io_uring();
}

}  // namespace sandbox::resolve
