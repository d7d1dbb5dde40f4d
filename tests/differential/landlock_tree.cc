#include "landlock_tree.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sandbox::differential {
namespace {

constexpr int kDescriptorsFrom = 100;  // So that they do not take numbers that others use.

}  // namespace

LandlockTree::LandlockTree(std::string base, Random& random, bool mounts) : base_(std::move(base)) {
  directories_ = {base_};
  if (mounts) mounted_ = mount("none", base_.c_str(), "tmpfs", 0, nullptr) == 0;
  make_directories(random);
  if (mounted_) make_mounts(random);
  make_files(random);
  make_links(random);
  open_descriptors(random);
}

LandlockTree::~LandlockTree() {
  for (const int fd : descriptors_) close(fd);
  if (mounted_) {
    while (umount2(base_.c_str(), MNT_DETACH) == 0) {  // And all below; a call may have mounted once more.
    }
    return;
  }
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(base_, ignored)) {
    std::filesystem::remove_all(entry.path(), ignored);
  }
}

void LandlockTree::make_directories(Random& random) {
  for (const char* name : {"a", "b", "c"}) directories_.push_back(base_ + "/" + name);
  for (int i = 0; i < 8; ++i) {
    const std::string path = directory(random) + "/" + std::string(1, static_cast<char>('d' + random.below(4)));
    directories_.push_back(path);
  }
  for (const std::string& path : directories_) std::filesystem::create_directories(path);
  entries_ = directories_;
}

/// A tmpfs, a directory and a file that are bound elsewhere, an overlay.
void LandlockTree::make_mounts(Random& random) {
  const auto mounted = [&](const char* source, const std::string& target, const char* type, unsigned long flags,
                           const std::string& data = "") { mount(source, target.c_str(), type, flags, data.c_str()); };
  for (const char* name : {"tmpfs", "bound", "overlay"}) {
    const std::string path = directory(random) + "/" + name;
    std::filesystem::create_directories(path);
    if (name[0] == 't') mounted("none", path, "tmpfs", 0);
    if (name[0] == 'b') mounted(directory(random).c_str(), path, nullptr, MS_BIND);
    if (name[0] == 'o') {
      const std::string parts = base_ + "/parts";
      for (const char* part : {"/lower/low", "/upper", "/work"}) std::filesystem::create_directories(parts + part);
      std::ofstream(parts + "/lower/low/file") << "text";
      mounted("overlay", path, "overlay", 0,
              "lowerdir=" + parts + "/lower,upperdir=" + parts + "/upper,workdir=" + parts + "/work");
      entries_.push_back(path + "/low");
      entries_.push_back(path + "/low/file");
    }
    for (const char* below : {"", "/x", "/x/y"}) {
      std::error_code ignored;
      std::filesystem::create_directories(path + below, ignored);
      directories_.push_back(path + below);
      entries_.push_back(path + below);
    }
  }
  const std::string file = directory(random) + "/bound_file";
  const std::string source = directory(random) + "/source_file";
  std::ofstream(file) << "text";
  std::ofstream(source) << "text";
  mounted(source.c_str(), file, nullptr, MS_BIND);
  entries_.insert(entries_.end(), {file, source});
}

void LandlockTree::make_files(Random& random) {
  for (int i = 0; i < 14; ++i) {
    const std::string path = directory(random) + "/f" + std::to_string(random.below(5));
    std::ofstream(path) << "text\n";
    chmod(path.c_str(), random.one_in(2) ? 0755 : 0644);
    if (random.one_in(3)) {
      const std::string other = directory(random) + "/n" + std::to_string(random.below(3));
      if (link(path.c_str(), other.c_str()) == 0) entries_.push_back(other);
    }
    entries_.push_back(path);
  }
  const std::string fifo = directory(random) + "/fifo";
  mkfifo(fifo.c_str(), 0666);
  const std::string device = directory(random) + "/null";
  if (geteuid() == 0 && mknod(device.c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0) entries_.push_back(device);
  const std::string socket = directory(random) + "/socket";
  mknod(socket.c_str(), S_IFSOCK | 0666, 0);
  entries_.insert(entries_.end(), {fifo, socket});
  descriptors_.push_back(
      open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));  // So that no call waits for the other end.
}

void LandlockTree::make_links(Random& random) {
  for (int i = 0; i < 8; ++i) {
    const std::string path = directory(random) + "/l" + std::to_string(i);
    std::string target = entry(random);
    switch (random.below(5)) {
      case 0:
        target = "../" + target.substr(target.rfind('/') + 1);
        break;
      case 1:
        target += "/";
        break;
      case 2:
        target = ".." + std::string(random.one_in(2) ? "/.." : "");
        break;
      default:
        break;
    }
    if (symlink(target.c_str(), path.c_str()) == 0) entries_.push_back(path);
  }
}

void LandlockTree::open_descriptors(Random& random) {
  const auto keep = [&](int fd) {
    if (fd < 0) return;
    const int high = fcntl(fd, F_DUPFD_CLOEXEC, kDescriptorsFrom);
    close(fd);
    if (high >= 0) descriptors_.push_back(high);
  };
  for (int i = 0; i < 3; ++i)
    keep(open(directory(random).c_str(), (random.one_in(2) ? O_PATH : O_RDONLY) | O_DIRECTORY));
  for (int i = 0; i < 3; ++i) keep(open(entry(random).c_str(), O_RDONLY | O_NONBLOCK));
  const std::string removed = directory(random) + "/removed";
  keep(open(removed.c_str(), O_RDWR | O_CREAT, 0644));
  unlink(removed.c_str());
  const std::string gone = directory(random) + "/gone";
  mkdir(gone.c_str(), 0755);
  keep(open(gone.c_str(), O_RDONLY | O_DIRECTORY));
  rmdir(gone.c_str());
  keep(memfd_create("memory", 0));
  int ends[2];
  if (pipe(ends) == 0) {
    keep(ends[0]);
    keep(ends[1]);
  }
}

std::string LandlockTree::entry(Random& random) const {
  return random.one_in(6) ? directory(random) + "/missing" + std::to_string(random.below(3)) : random.pick(entries_);
}

std::string LandlockTree::path(Random& random, std::string& place) const {
  std::string path = entry(random);
  const std::string folder = path.substr(0, path.rfind('/'));
  const std::string name = path.substr(folder.size() + 1);
  if (random.one_in(5)) path.insert(folder.size(), random.one_in(2) ? "/." : "/");
  if (random.one_in(30)) path = directory(random) + "/../" + name;
  place = random.one_in(8) ? directory(random) : folder;
  switch (random.below(14)) {
    case 0:
      path = name;
      break;
    case 1:
      path = "../" + folder.substr(folder.rfind('/') + 1) + "/" + name;
      break;
    case 2:
      path = (random.one_in(2) ? "/proc/self/root" : "/proc/thread-self/root") + path;
      break;
    case 3:
      path = "/proc/self/cwd/" + name;
      break;
    case 4:
      path = "/proc/self/fd/" + std::to_string(random.pick(descriptors_));
      if (random.one_in(3)) path += "/" + std::string(random.one_in(2) ? "f0" : "..");
      break;
    default:
      break;
  }
  if (random.one_in(10)) path += random.one_in(3) ? "//" : "/";
  if (random.one_in(40)) path += "/.";
  return path;
}

}  // namespace sandbox::differential
