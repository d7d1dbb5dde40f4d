#include "resolve/landlock/path_sets.h"

#include <array>

namespace sandbox::resolve {
namespace {

using Member = PathSet::Member;
using namespace arch::file_right;

constexpr arch::FileRights kRead = kReadFile | kReadDir;
constexpr arch::FileRights kRun = kRead | kExecute;
constexpr arch::FileRights kWrite =
    kWriteFile | kTruncate | kMakeReg | kMakeDir | kMakeSym | kMakeFifo | kMakeSock | kRemoveFile | kRemoveDir | kRefer;
constexpr arch::FileRights kTerminal = kReadFile | kWriteFile | kTruncate | kIoctlDev;

/// What programs and libraries read while they start and work. No shadow, no private keys, no machine-id, nothing of a
/// user. git, curl, python3, gcc, node, ssh, java, perl and man were run with it.
constexpr Member kSystem[] = {{"/usr", kRun},
                              {"/lib*", kRun},
                              {"/bin", kRun},
                              {"/sbin", kRun},
                              {"/nix/store", kRun},
                              {"/etc/ld.so.cache", kRead},
                              {"/etc/ld.so.preload", kRead},
                              {"/etc/nsswitch.conf", kRead},
                              {"/etc/resolv.conf", kRead},
                              {"/etc/hosts", kRead},
                              {"/etc/host.conf", kRead},
                              {"/etc/gai.conf", kRead},
                              {"/etc/services", kRead},
                              {"/etc/protocols", kRead},
                              {"/etc/passwd", kRead},
                              {"/etc/group", kRead},
                              {"/etc/localtime", kRead},
                              {"/etc/timezone", kRead},
                              {"/etc/locale.alias", kRead},
                              {"/etc/os-release", kRead},
                              {"/etc/debian_version", kRead},
                              {"/etc/gitconfig", kRead},
                              {"/etc/mailname", kRead},
                              {"/etc/mime.types", kRead},
                              {"/etc/magic", kRead},
                              {"/etc/inputrc", kRead},
                              {"/etc/profile", kRead},
                              {"/etc/bash.bashrc", kRead},
                              {"/etc/manpath.config", kRead},
                              {"/etc/ssl/certs", kRead},
                              {"/etc/ssl/openssl.cnf", kRead},
                              {"/etc/ssh/ssh_config", kRead},
                              {"/etc/ssh/ssh_config.d", kRead},
                              {"/etc/alternatives", kRead},
                              {"/etc/perl", kRead},
                              {"/etc/fonts", kRead},
                              {"/etc/terminfo", kRead},
                              {"/etc/xdg", kRead},
                              {"/etc/ca-certificates", kRead},
                              {"/etc/pki/tls/certs", kRead},
                              {"/etc/pki/ca-trust", kRead},
                              {"/etc/crypto-policies", kRead},
                              {"/etc/python3*", kRead},
                              {"/etc/java-*", kRead},
                              {"/run/systemd/resolve", kRead},
                              {"/run/nscd", kRead}};

constexpr Member kProc[] = {
    {"/proc", kRead}, {"/sys/devices/system", kRead}, {"/sys/kernel/mm", kRead}, {"/sys/fs/cgroup", kRead}};

constexpr Member kDevices[] = {{"/dev/null", kTerminal}, {"/dev/zero", kTerminal},   {"/dev/full", kTerminal},
                               {"/dev/tty", kTerminal},  {"/dev/random", kReadFile}, {"/dev/urandom", kReadFile}};

constexpr Member kPty[] = {{"/dev/ptmx", kTerminal}, {"/dev/pts", kTerminal | kReadDir}};
constexpr Member kShm[] = {{"/dev/shm", kRead | kWrite}};
constexpr Member kTmp[] = {{"/tmp", kRead | kWrite}, {"/var/tmp", kRead | kWrite}};
constexpr Member kEtc[] = {{"/etc", kRead}};

constexpr std::array<PathSet, 8> kSets = {{
    {"@cwd", "the working directory, with the rule's own access", {}, ""},
    {"@devices", "/dev/null and its like, the terminal of the process, random numbers", kDevices, ""},
    {"@etc", "all of /etc", kEtc,
     "/etc may have passwords and private keys, which a target that runs as root can read"},
    {"@proc", "/proc, and what tells of processors, memory and control groups", kProc,
     "command lines of all processes are below /proc; a target that runs as root can read their environment and memory "
     "maps, too"},
    {"@pty", "pseudo-terminals", kPty, "the terminals of the user's other processes are below /dev/pts, too"},
    {"@shm", "POSIX shared memory and semaphores", kShm,
     "what other programs of the user share is below /dev/shm, too"},
    {"@system", "programs, libraries, and the files of /etc that most programs read", kSystem, ""},
    {"@tmp", "/tmp and /var/tmp", kTmp, "files and sockets of other programs are there, too"},
}};

}  // namespace

std::span<const PathSet> path_sets() {
  return kSets;
}

}  // namespace sandbox::resolve
