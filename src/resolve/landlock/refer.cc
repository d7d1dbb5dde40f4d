#include "resolve/landlock/refer.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace sandbox::resolve {
namespace {

using namespace arch::file_right;
using arch::FileRights;

FileRights right_to_remove(const ReferSide& side) {
  if (!side.file) return 0;
  return S_ISDIR(side.mode) ? kRemoveDir : kRemoveFile;
}

/// kRefer is denied without a rule by every layer, also by one that handles no files, if only some layer handles files
/// (landlock_get_fs_access_mask(); seen on Linux 6.18).
FileRights handled_by(const PlacedRuleset& layer) {
  return layer.handled_files | kRefer;
}

FileRights denied_below(const PlacedRuleset& layer, const Ancestry& ancestry) {
  FileRights denied = handled_by(layer);
  for (const FileId& file : ancestry) {
    if (const auto rule = layer.files.find(file); rule != layer.files.end()) denied &= ~rule->second;
  }
  return denied;
}

/// What the comparison counts. The kernel collects the rules up to the root of the mount that both sides are on, and
/// goes up from there; it compares before it looks at each further directory's rule, so that it never compares with
/// that of the topmost one, unless this is that root (seen on Linux 6.18).
Ancestry compared(const Refer& refer, const Ancestry& ancestry) {
  const bool all = refer.on_root_mount || ancestry.empty();
  return {ancestry.begin(), ancestry.end() - (all ? 0 : 1)};
}

/// Whether more could be done with a file of `source` in `destination`: what a rule there gives and none at the source,
/// also none on the file itself (no_more_access()).
bool gains(const PlacedRuleset& layer, const Refer& refer, const ReferSide& source, const ReferSide& destination) {
  const FileRights counts = S_ISDIR(source.mode) ? kAll : kOfFiles;
  const FileRights at_source =
      denied_below(layer, compared(refer, source.directory)) & denied_below(layer, {*source.file}) & counts;
  return (at_source & ~denied_below(layer, compared(refer, destination.directory))) != 0;
}

}  // namespace

FileRights right_to_make(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFLNK:
      return kMakeSym;
    case S_IFDIR:
      return kMakeDir;
    case S_IFCHR:
      return kMakeChar;
    case S_IFBLK:
      return kMakeBlock;
    case S_IFIFO:
      return kMakeFifo;
    case S_IFSOCK:
      return kMakeSock;
    default:
      return kMakeReg;
  }
}

std::optional<ReferDenial> judge_refer(std::span<const PlacedRuleset> layers, const Refer& refer) {
  if (std::ranges::all_of(layers, [](const PlacedRuleset& layer) { return layer.handled_files == 0; })) {
    return std::nullopt;
  }
  FileRights at_source = refer.exchange ? right_to_make(refer.to.mode) : 0;
  FileRights at_destination = right_to_make(refer.from.mode);
  if (!refer.link) {
    at_source |= right_to_remove(refer.from);
    at_destination |= right_to_remove(refer.to);
  }
  if (refer.from.directory == refer.to.directory) {
    const auto denial = judge_access(layers, refer.to.directory, at_source | at_destination);
    if (!denial) return std::nullopt;
    return ReferDenial{denial->layer, denial->missing, false, EACCES};
  }

  std::optional<ReferDenial> crossing;  // EACCES of any layer counts before.
  std::optional<ReferDenial> gaining;
  bool everything = true;
  for (size_t i = 0; i < layers.size(); ++i) {
    const FileRights denied_from = denied_below(layers[i], refer.from.directory);
    const FileRights denied_to = denied_below(layers[i], refer.to.directory);
    if ((denied_to & at_destination) != 0) return ReferDenial{i, denied_to & at_destination, false, EACCES};
    if ((denied_from & at_source) != 0) return ReferDenial{i, denied_from & at_source, true, EACCES};
    everything = everything && denied_from == 0 && denied_to == 0;
    const bool lacks = ((denied_from | denied_to) & kRefer) != 0;
    if (!crossing && lacks) crossing = ReferDenial{i, kRefer, (denied_to & kRefer) == 0, EXDEV};
    const bool gains_any = gains(layers[i], refer, refer.from, refer.to) ||
                           (refer.exchange && gains(layers[i], refer, refer.to, refer.from));
    if (!gaining && gains_any) gaining = ReferDenial{i, kRefer, false, EXDEV};
  }
  if (crossing) return crossing;
  return everything ? std::nullopt : gaining;
}

}  // namespace sandbox::resolve
