// What Landlock lacks for a call, in words, and what would allow it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arch/landlock.h"

namespace sandbox::report {

/// Why Landlock denies a call. One of the rights or the scopes; none of them: mounting, which no rule allows.
struct LandlockReason {
  arch::FileRights files = 0;  ///< That no rule gives below `path`.
  arch::PortRights ports = 0;  ///< That no rule gives for `port`.
  arch::Scopes scopes = 0;     ///< That keep the call inside.
  bool traces = false;         ///< It is ptrace(2) or its like, of a process that is less restricted.
  std::string path;            ///< As the reporter sees it; empty where it has none.
  bool directory = false;      ///< `path` is a directory.
  uint16_t port = 0;
};

/// "no rule lets it read /etc/shadow", printable.
std::string reason_text(const LandlockReason& reason);

/// A policy, or the options, with the rules that would allow what was denied.
class LandlockSuggestions {
 public:
  static constexpr size_t kMaxPaths = 500;  ///< Further ones are counted.

  enum class Kind : uint8_t {
    kFile,     ///< The section of a policy file: lines to add.
    kOptions,  ///< Options to give.
    kProfile,  ///< A built-in profile, which cannot be edited: a copy can.
  };

  /// `home`: the home directory, without symbolic links; empty: it is not known.
  LandlockSuggestions(Kind kind, std::string name, std::string home)
      : kind_(kind), name_(std::move(name)), home_(std::move(home)) {}

  /// Whether note() would return false, as far as that can be told without it.
  [[nodiscard]] bool knows(const LandlockReason& reason) const;

  /// Keeps what would allow it. True: nothing that was noted before did.
  bool note(const LandlockReason& reason);

  /// Lines, each with a newline: of the narrowest rules, the paths themselves, and the folders that would stand for
  /// several of them. For the root and for the home directory none is suggested: it would give all that is below. Empty
  /// if nothing was noted, or nothing that a rule can allow.
  [[nodiscard]] std::string text() const;

 private:
  using Paths = std::map<std::string, arch::FileRights>;

  [[nodiscard]] std::string options_text(const Paths& suggested) const;
  [[nodiscard]] std::string lines_text(const Paths& suggested) const;

  Kind kind_;
  std::string name_;
  std::string home_;
  Paths paths_;
  std::map<uint16_t, arch::PortRights> ports_;
  arch::Scopes scopes_ = 0;
  bool mounts_ = false;
  bool traces_ = false;
  size_t more_ = 0;
};

/// Whether a rule for the path would be one for the whole machine, or for a home directory with its keys and start-up
/// files. `home`: without symbolic links; empty: it is not known.
bool is_whole(const std::string& path, const std::string& home);

/// The access words that give these rights and the fewest others: "read", "write"; "read_dir" alone for what lists a
/// directory.
std::vector<std::string> access_for(arch::FileRights rights);

}  // namespace sandbox::report
