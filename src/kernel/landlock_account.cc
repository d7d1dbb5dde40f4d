#include "kernel/landlock_account.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "kernel/caller.h"
#include "kernel/program_file.h"
#include "resolve/landlock/refer.h"

namespace sandbox::kernel {
namespace {

using namespace arch::file_right;
using arch::FileRights;
using report::LandlockCall;
using resolve::Ancestry;
using Kind = LandlockCall::Kind;
using Layers = std::span<const resolve::PlacedRuleset>;
using Account = Result<LandlockAccount, int>;
using Found = Result<FoundPath, int>;

constexpr size_t kMaxPlainDepth = 32;  // Of a path that is_plainly_allowed() takes.

/// A call that fails before Landlock is asked, or that Landlock does not restrict.
Account unconcerned() {
  return LandlockAccount{};
}

/// A path that was not followed to its end: the kernel does.
bool is_too_far(const Found& found) {
  return !found && found.error() == kTooFar;
}

LandlockDenial denial_of(size_t layer, int error, FileRights missing, std::string path, bool directory) {
  LandlockDenial denial;
  denial.layer = layer;
  denial.error = error;
  denial.reason.files = missing;
  denial.reason.path = std::move(path);
  denial.reason.directory = directory;
  return denial;
}

/// Of this process: where every ancestry ends.
const Result<FileStatus, int>& own_root() {
  static const Result<FileStatus, int> status = [] {
    const UniqueFd fd(open("/", O_PATH | O_CLOEXEC));
    return status_of(fd.get());
  }();
  return status;
}

std::string text_of_directory(const FoundPath& found) {
  FoundPath directory;
  directory.file = UniqueFd(fcntl(found.directory.get(), F_DUPFD_CLOEXEC, 0));
  return path_text(directory);
}

/// One access to one file.
Account judge_one(Layers layers, int fd, FileRights rights, LandlockUse use) {
  const auto ancestry = ancestry_of(fd);
  if (!ancestry) return ancestry.error();
  LandlockAccount account;
  if (!*ancestry) return account;
  if (const auto denial = resolve::judge_access(layers, **ancestry, rights)) {
    account.denial = denial_of(denial->layer, EACCES, denial->missing, use.path, S_ISDIR(use.mode));
  }
  use.rights = rights;
  account.uses.push_back(std::move(use));
  return account;
}

/// What the file's permissions deny is not Landlock's: the kernel looks at them first when it opens a file. They can be
/// asked only for one's own user.
bool permits(const CallerFiles& caller, const FoundPath& found, FileRights rights) {
  if (!caller.same_user()) return true;
  int mode = 0;
  if ((rights & (kReadFile | kReadDir)) != 0) mode |= R_OK;
  if ((rights & (kWriteFile | kTruncate)) != 0) mode |= W_OK;
  if ((rights & kExecute) != 0) mode = X_OK;  // execve(2) reads what it may execute.
  constexpr long kFaccessat2 = 439;
  return syscall(kFaccessat2, found.file.get(), "", mode, AT_EMPTY_PATH | AT_EACCESS) == 0 || errno != EACCES;
}

Account judge_file(Layers layers, const FoundPath& found, FileRights rights) {
  return judge_one(layers, found.file.get(), rights, {path_text(found), 0, found.status->mode, ""});
}

Account judge_directory(Layers layers, const FoundPath& found, FileRights rights) {
  LandlockUse use{text_of_directory(found), 0, S_IFDIR, ""};
  if (!found.status) use.made = (use.path == "/" ? "" : use.path) + "/" + found.name;
  return judge_one(layers, found.directory.get(), rights, std::move(use));
}

/// A directory that was removed gets no entries: ENOENT.
bool is_removed(const FoundPath& found) {
  const auto status = status_of(found.directory.get());
  return status && status->links == 0;
}

/// get_required_file_open_access(): access mode 3 wants nothing.
FileRights rights_to_open(uint64_t flags, bool directory) {
  const uint64_t mode = flags & O_ACCMODE;
  FileRights rights = 0;
  if (mode == O_RDONLY || mode == O_RDWR) rights |= directory ? kReadDir : kReadFile;
  if (mode == O_WRONLY || mode == O_RDWR) rights |= kWriteFile;
  return rights;
}

Account open_account(const CallerFiles& caller, const LandlockCall& call, Layers layers) {
  const bool create = (call.flags & O_CREAT) != 0;
  const bool temporary = (call.flags & O_TMPFILE) == O_TMPFILE;
  const bool writes = (call.flags & O_ACCMODE) != O_RDONLY;
  const bool wants_directory = (call.flags & O_DIRECTORY) != 0;
  constexpr uint64_t kContradiction = RESOLVE_BENEATH | RESOLVE_IN_ROOT;
  if ((create && wants_directory) || (call.resolve & kContradiction) == kContradiction) return unconcerned();
  LookupOptions options{.follow = call.follow, .may_lack = create, .resolve = call.resolve};
  auto found = find_path(caller, call.path.directory, call.path.text, options);
  if (is_too_far(found)) return kTooFar;
  if (!found) return unconcerned();
  if (create && (found->trailing_slash || !found->has_name()) && !found->status) return unconcerned();
  if (!found->status && is_removed(*found)) return unconcerned();
  if (!found->status) {  // It is made: first the entry, then the new file is opened.
    auto made = judge_directory(layers, *found, kMakeReg);
    if (!made || made->denial) return made;
    auto opened = judge_directory(layers, *found, rights_to_open(call.flags, false));
    if (opened && !opened->uses.empty()) opened->uses.back().rights |= kMakeReg;
    return opened;
  }
  const bool directory = S_ISDIR(found->status->mode);
  if (S_ISLNK(found->status->mode) || (create && (call.flags & O_EXCL) != 0)) return unconcerned();
  if (temporary)
    return directory && writes ? judge_file(layers, *found, rights_to_open(call.flags, false)) : unconcerned();
  const bool truncates = (call.flags & O_TRUNC) != 0;
  if (directory ? writes || create || truncates : wants_directory) return unconcerned();
  FileRights rights = rights_to_open(call.flags, directory);
  if (truncates && S_ISREG(found->status->mode)) rights |= kTruncate;
  return rights != 0 && permits(caller, *found, rights) ? judge_file(layers, *found, rights) : unconcerned();
}

/// The program, and then what is opened to start it.
Account execute_account(const CallerFiles& caller, const LandlockCall& call, Layers layers) {
  LookupOptions options{.follow = call.follow, .empty_path = call.empty_path};
  auto found = find_path(caller, call.path.directory, call.path.text, options);
  if (is_too_far(found)) return kTooFar;
  if (!found || !found->status || !S_ISREG(found->status->mode)) return unconcerned();
  if ((found->status->mode & 0111) == 0 || !permits(caller, *found, kExecute)) return unconcerned();
  auto account = judge_file(layers, *found, kExecute | kReadFile);
  const std::string path = path_text(*found);
  if (!account || account->denial || path.empty()) return account;
  // Interpreters and the loader: opened by execve(2) itself, for the same rights.
  for (ProgramFile file(path); file.next() && !file.next()->empty();) {
    const auto next = find_path(caller, AT_FDCWD, *file.next(), {});
    if (is_too_far(next)) return kTooFar;
    if (!next || !next->status || !S_ISREG(next->status->mode)) break;
    auto of_next = judge_file(layers, *next, kExecute | kReadFile);
    if (!of_next) break;
    std::ranges::move(of_next->uses, std::back_inserter(account->uses));
    account->denial = std::move(of_next->denial);
    if (account->denial || !file.advance()) break;
  }
  return account;
}

Account truncate_account(const CallerFiles& caller, const LandlockCall& call, Layers layers) {
  auto found = find_path(caller, call.path.directory, call.path.text, {});
  if (is_too_far(found)) return kTooFar;
  if (!found || !found->status || !S_ISREG(found->status->mode)) return unconcerned();
  return permits(caller, *found, kTruncate) ? judge_file(layers, *found, kTruncate) : unconcerned();
}

Account make_account(const CallerFiles& caller, const LandlockCall& call, Layers layers) {
  auto found =
      find_path(caller, call.path.directory, call.path.text, {.follow = false, .entry = true, .may_lack = true});
  if (is_too_far(found)) return kTooFar;
  if (!found || !found->has_name() || found->status) return unconcerned();
  if ((found->trailing_slash && call.rights != kMakeDir) || is_removed(*found)) return unconcerned();
  return judge_directory(layers, *found, call.rights);
}

Account remove_account(const CallerFiles& caller, const LandlockCall& call, Layers layers) {
  auto found = find_path(caller, call.path.directory, call.path.text, {.follow = false, .entry = true});
  if (is_too_far(found)) return kTooFar;
  if (!found || !found->has_name() || !found->status) return unconcerned();
  if (found->trailing_slash && call.rights == kRemoveFile) return unconcerned();
  return judge_directory(layers, *found, call.rights);
}

Result<resolve::ReferSide, int> side_of(const FoundPath& found) {
  auto ancestry = ancestry_of(found.directory.get());
  if (!ancestry) return ancestry.error();
  resolve::ReferSide side;
  if (*ancestry) side.directory = std::move(**ancestry);
  if (found.status) {
    // Of a mount point the entry below is meant, which no descriptor shows: it has the type of what is mounted there.
    side.file = found.has_name() && found.status->mount_root ? resolve::FileId() : found.status->id;
    side.mode = found.status->mode;
  }
  return side;
}

/// The file of a link that is named by a descriptor: its directory is found by the descriptor. The root of a mount
/// stands for its own.
int complete(FoundPath& found) {
  if (found.status->mount_root) {
    found.directory = UniqueFd(fcntl(found.file.get(), F_DUPFD_CLOEXEC, 0));
    return found.directory.valid() ? 0 : errno;
  }
  if (found.has_name()) return 0;
  auto directory = parent_of(found.file.get(), *found.status);
  if (!directory) return directory.error();
  found.directory = std::move(*directory);
  return 0;
}

/// Whether the directory is what stands at that side, or lies in it; by the names that the mount shows.
bool lies_in(int directory, const resolve::ReferSide& side) {
  UniqueFd above(fcntl(directory, F_DUPFD_CLOEXEC, 0));
  while (above.valid() && side.file) {
    const auto status = status_of(above.get());
    if (!status) return false;
    if (status->id == *side.file) return true;
    if (status->mount_root) return false;
    auto next = parent_of(above.get(), *status);
    if (!next) return false;
    above = std::move(*next);
  }
  return false;
}

Account refer_account(const CallerFiles& caller, const LandlockCall& call, Layers layers) {
  const bool link = call.kind == Kind::kLink;
  const bool exchange = !link && (call.flags & RENAME_EXCHANGE) != 0;
  LookupOptions from_options{.follow = call.follow, .entry = !link, .empty_path = call.empty_path};
  auto from = find_path(caller, call.path.directory, call.path.text, from_options);
  LookupOptions to_options{.follow = false, .entry = true, .may_lack = true};
  auto to = find_path(caller, call.target.directory, call.target.text, to_options);
  if (is_too_far(from) || is_too_far(to)) return kTooFar;
  if (!from || !to || !to->has_name() || !from->status) return unconcerned();
  if (link) {
    if (to->status || to->trailing_slash) return unconcerned();
    if (const int error = complete(*from)) return error;
  } else {
    if (!from->has_name() || (exchange && !to->status)) return unconcerned();
    if (to->status && (call.flags & RENAME_NOREPLACE) != 0) return unconcerned();
    const bool slashes = from->trailing_slash || to->trailing_slash;
    if (!exchange && !S_ISDIR(from->status->mode) && slashes) return unconcerned();
    if (exchange && ((from->trailing_slash && !S_ISDIR(from->status->mode)) ||
                     (to->trailing_slash && !S_ISDIR(to->status->mode)))) {
      return unconcerned();
    }
  }
  const auto from_directory = status_of(from->directory.get());
  const auto to_directory = status_of(to->directory.get());
  if (!from_directory || !to_directory) return ESTALE;
  const uint64_t from_mount = link ? from->status->mount : from_directory->mount;
  if (from_mount != to_directory->mount) return unconcerned();  // EXDEV.
  if (!to->status && to_directory->links == 0) return unconcerned();
  resolve::Refer refer;
  auto from_side = side_of(*from);
  auto to_side = side_of(*to);
  if (!from_side) return from_side.error();
  if (!to_side) return to_side.error();
  // The one may not lie in the other: EINVAL, ENOTEMPTY.
  if (!link && (lies_in(to->directory.get(), *from_side) || lies_in(from->directory.get(), *to_side))) {
    return unconcerned();
  }
  refer.from = std::move(*from_side);
  refer.to = std::move(*to_side);
  refer.link = link;
  refer.exchange = exchange;
  const auto& root = own_root();
  refer.on_root_mount = root && root->mount == to_directory->mount;

  LandlockAccount account;
  const bool moves = refer.from.directory != refer.to.directory;
  FileRights at_source = (link ? 0 : S_ISDIR(from->status->mode) ? kRemoveDir : kRemoveFile);
  FileRights at_destination = resolve::right_to_make(from->status->mode);
  if (to->status) at_destination |= S_ISDIR(to->status->mode) ? kRemoveDir : kRemoveFile;
  if (exchange) at_source |= resolve::right_to_make(to->status->mode);
  if (moves) at_source |= kRefer, at_destination |= kRefer;
  const std::string source = text_of_directory(*from);
  const std::string destination = text_of_directory(*to);
  if (at_source != 0) account.uses.push_back({source, at_source, S_IFDIR, ""});
  // Where the kernel answers EXDEV, because more could be done with the file at its new place, programs copy it.
  const bool may_copy = moves && S_ISREG(from->status->mode);
  if (may_copy) account.uses.push_back({path_text(*from), kReadFile, from->status->mode, ""});
  account.uses.push_back({destination, at_destination | (may_copy ? kWriteFile : 0), S_IFDIR,
                          (destination == "/" ? "" : destination) + "/" + to->name});
  if (const auto denial = resolve::judge_refer(layers, refer)) {
    const std::string& where = denial->at_source ? source : destination;
    account.denial = denial_of(denial->layer, denial->error, denial->missing, where, true);
  }
  return account;
}

Account mount_account(const CallerFiles& caller, const LandlockCall& call, Layers layers) {
  LandlockAccount account;
  if (!call.path.text.empty()) {
    const auto found = find_path(caller, AT_FDCWD, call.path.text, {.follow = call.follow});
    if (is_too_far(found)) return kTooFar;
    if (!found || (call.kind == Kind::kUnmount && !found->status->mount_root)) return unconcerned();
  }
  for (size_t i = 0; i < layers.size(); ++i) {
    if ((layers[i].handled_files & ~kRefer) == 0) continue;  // With kRefer alone it is not about files.
    account.denial = denial_of(i, EPERM, 0, "", false);
    return account;
  }
  return account;
}

/// Its root is that of the mounts of mqueue, where one is mounted.
Account queue_account(const CallerFiles& caller, const LandlockCall& call, Layers layers) {
  if (call.path.text.size() < 2 || call.path.text.front() != '/') return unconcerned();
  LandlockCall open = call;
  open.kind = Kind::kOpen;
  open.path.text = "/dev/mqueue" + call.path.text;
  auto found = find_path(caller, AT_FDCWD, open.path.text, {.follow = false, .may_lack = true});
  if (!found) return ESTALE;
  const FileRights rights = rights_to_open(call.flags, false);
  if (!found->status) return (call.flags & O_CREAT) != 0 ? judge_directory(layers, *found, rights) : unconcerned();
  return judge_file(layers, *found, rights);
}

// ---- Sockets ----

/// The caller's socket, as a descriptor of this process.
UniqueFd socket_of(const CallerFiles& caller, int descriptor) {
  const pid_t process = process_of(caller.thread());
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
  if (!pidfd.valid()) return UniqueFd();
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd.get(), descriptor, 0)));
}

int socket_option(int fd, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

std::optional<uint16_t> port_of(const std::string& address, uint16_t family) {
  if (family == AF_INET && address.size() >= sizeof(sockaddr_in)) {
    sockaddr_in in = {};
    std::memcpy(&in, address.data(), sizeof in);
    return ntohs(in.sin_port);
  }
  if (family == AF_INET6 && address.size() >= 24) {  // SIN6_LEN_RFC2133.
    uint16_t port = 0;
    std::memcpy(&port, address.data() + offsetof(sockaddr_in6, sin6_port), sizeof port);
    return ntohs(port);
  }
  return std::nullopt;
}

Account port_account(const LandlockCall& call, Layers layers, int fd, uint16_t port) {
  const int type = socket_option(fd, SO_TYPE);
  const int protocol = socket_option(fd, SO_PROTOCOL);
  const bool connects = call.kind == Kind::kConnect;
  arch::PortRights right = 0;
  if (type == SOCK_STREAM && protocol == IPPROTO_TCP) {
    right = connects ? arch::port_right::kConnectTcp : arch::port_right::kBindTcp;
  } else if (type == SOCK_DGRAM && protocol == IPPROTO_UDP) {
    right = connects ? arch::port_right::kConnectSendUdp : arch::port_right::kBindUdp;
  }
  LandlockAccount account;
  constexpr int kMptcp = 262;
  if (type == SOCK_STREAM && (protocol == IPPROTO_TCP || protocol == kMptcp)) {
    account.port = {connects ? arch::port_right::kConnectTcp : arch::port_right::kBindTcp, port};
  }
  if (const auto denial = resolve::judge_port(layers, port, right)) {
    account.denial = denial_of(denial->layer, EACCES, 0, "", false);
    account.denial->reason.ports = denial->missing;
    account.denial->reason.port = port;
  }
  return account;
}

Account unix_account(const CallerFiles& caller, const LandlockCall& call, Layers layers) {
  const size_t begin = offsetof(sockaddr_un, sun_path);
  if (call.address.size() <= begin || call.address[begin] == '\0') return unconcerned();  // Unnamed, abstract.
  const std::string path = call.address.substr(begin, call.address.find('\0', begin) - begin);
  if (call.kind == Kind::kBind) {
    LandlockCall make = call;
    make.kind = Kind::kMake;
    make.rights = kMakeSock;
    make.path = {AT_FDCWD, path};
    return make_account(caller, make, layers);
  }
  auto found = find_path(caller, AT_FDCWD, path, {});
  if (is_too_far(found)) return kTooFar;
  if (!found || !found->status || !S_ISSOCK(found->status->mode)) return unconcerned();
  return judge_file(layers, *found, kResolveUnix);
}

Account socket_account(const CallerFiles& caller, const LandlockCall& call, Layers layers) {
  const UniqueFd fd = socket_of(caller, call.descriptor);
  if (!fd.valid()) return errno;
  uint16_t family = 0;
  std::memcpy(&family, call.address.data(), sizeof family);
  if (socket_option(fd.get(), SO_DOMAIN) == AF_UNIX) {
    return family == AF_UNIX ? unix_account(caller, call, layers) : unconcerned();
  }
  const auto port = port_of(call.address, family);
  return port ? port_account(call, layers, fd.get(), *port) : unconcerned();
}

}  // namespace

bool is_plainly_allowed(const CallerFiles& caller, const LandlockCall& call, Layers layers) {
  const std::string& path = call.path.text;
  if (call.kind != Kind::kOpen || !path.starts_with('/') || path.ends_with('/') || call.resolve != 0) return false;
  if (!caller.valid() || (call.flags & O_TMPFILE) == O_TMPFILE) return false;
  const auto root = caller.root();
  if (!root) return false;
  const auto root_status = status_of(root->get());
  // Of another root the directories above it count, too.
  const auto& own = own_root();
  if (!root_status || !own || root_status->id != own->id || root_status->mount != own->mount) return false;
  Ancestry ancestry = {root_status->id};
  uint32_t mode = 0;
  for (size_t end = 0; end != std::string::npos;) {
    const size_t begin = path.find_first_not_of('/', end);
    // Each component is looked up from the root again, which for many costs more than what account_of() does.
    if (begin == std::string::npos || ancestry.size() > kMaxPlainDepth) return false;
    end = path.find('/', begin);
    const std::string name = path.substr(begin, end == std::string::npos ? end : end - begin);
    if (name == "." || name == "..") return false;
    const auto status = status_at(root->get(), path.substr(1, end == std::string::npos ? end : end - 1));
    if (!status || S_ISLNK(status->mode)) return false;
    ancestry.push_back(status->id);
    mode = status->mode;
  }
  FileRights rights = rights_to_open(call.flags, S_ISDIR(mode));
  if ((call.flags & O_TRUNC) != 0) rights |= kTruncate;
  return !resolve::judge_access(layers, ancestry, rights);
}

Result<LandlockAccount, int> account_of(const CallerFiles& caller, const report::LandlockCall& call,
                                        std::span<const resolve::PlacedRuleset> layers) {
  if (!caller.valid()) return ESRCH;
  switch (call.kind) {
    case Kind::kOpen:
      return open_account(caller, call, layers);
    case Kind::kExecute:
      return execute_account(caller, call, layers);
    case Kind::kTruncate:
      return truncate_account(caller, call, layers);
    case Kind::kMake:
      return make_account(caller, call, layers);
    case Kind::kRemove:
      return remove_account(caller, call, layers);
    case Kind::kRename:
    case Kind::kLink:
      return refer_account(caller, call, layers);
    case Kind::kMount:
    case Kind::kUnmount:
      return mount_account(caller, call, layers);
    case Kind::kConnect:
    case Kind::kBind:
      return socket_account(caller, call, layers);
    case Kind::kQueue:
      return queue_account(caller, call, layers);
    case Kind::kSignal:
      break;  // Whether it stays inside is for who knows the processes: see Reporter.
  }
  return unconcerned();
}

}  // namespace sandbox::kernel
