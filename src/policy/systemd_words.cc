#include "policy/systemd_words.h"

#include <algorithm>

namespace sandbox::policy {
namespace {

using arch::Abi;

/// Where systemd's name is not libseccomp's.
constexpr std::pair<Abi, std::string_view> kOtherNames[] = {
    {Abi::kX86_64, "x86-64"},      {Abi::kAarch64, "arm64"},        {Abi::kMipsel, "mips-le"},
    {Abi::kMipsel64, "mips64-le"}, {Abi::kMips64n32, "mips64-n32"}, {Abi::kMipsel64n32, "mips64-le-n32"},
    {Abi::kPpc64le, "ppc64-le"}};

bool has_filters(Abi abi) {
  return abi != Abi::kParisc && abi != Abi::kParisc64;
}

}  // namespace

std::string_view systemd_name(Abi abi) {
  const auto* const other = std::ranges::find(kOtherNames, abi, &std::pair<Abi, std::string_view>::first);
  return other != std::end(kOtherNames) ? other->second : arch::info(abi).name;
}

std::optional<Abi> find_systemd_abi(std::string_view name) {
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    if (has_filters(abi.abi) && systemd_name(abi.abi) == name) return abi.abi;
  }
  return std::nullopt;
}

std::vector<std::string_view> systemd_abi_names() {
  std::vector<std::string_view> names;
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    if (has_filters(abi.abi)) names.push_back(systemd_name(abi.abi));
  }
  return names;
}

std::vector<Abi> systemd_abis_on(Abi machine) {
  switch (machine) {
    case Abi::kX86_64:
      return {Abi::kX86_64, Abi::kX86, Abi::kX32};
    case Abi::kX32:
      return {Abi::kX32, Abi::kX86_64, Abi::kX86};
    case Abi::kAarch64:
      return {Abi::kAarch64, Abi::kArm};
    case Abi::kMips:
      return {Abi::kMips, Abi::kMipsel};
    case Abi::kMipsel:
      return {Abi::kMipsel, Abi::kMips};
    case Abi::kMips64:
    case Abi::kMips64n32:
      return {machine,        machine == Abi::kMips64 ? Abi::kMips64n32 : Abi::kMips64,
              Abi::kMips,     Abi::kMipsel,
              Abi::kMipsel64, Abi::kMipsel64n32};
    case Abi::kMipsel64:
    case Abi::kMipsel64n32:
      return {machine,      machine == Abi::kMipsel64 ? Abi::kMipsel64n32 : Abi::kMipsel64,
              Abi::kMipsel, Abi::kMips,
              Abi::kMips64, Abi::kMips64n32};
    case Abi::kPpc64:
      return {Abi::kPpc64, Abi::kPpc, Abi::kPpc64le};
    case Abi::kPpc64le:
      return {Abi::kPpc64le, Abi::kPpc, Abi::kPpc64};
    case Abi::kS390x:
      return {Abi::kS390x, Abi::kS390};
    default:
      return {machine};
  }
}

}  // namespace sandbox::policy
