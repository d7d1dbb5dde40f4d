#include "sandbox-run/deny_list.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "arch/call_sets.h"
#include "base/text.h"

namespace sandbox::launcher {
namespace {

std::vector<policy::Name> names_in(const std::string& text) {
  std::vector<policy::Name> names;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const size_t first = std::min(text.find_first_not_of(" \t\n", begin), end);
    const size_t last = first == end ? end : text.find_last_not_of(" \t\n", end - 1) + 1;
    std::string name = text.substr(first, last - first);
    const SourceRange range = {static_cast<uint32_t>(first), static_cast<uint32_t>(name.size())};
    const bool known = std::ranges::find(names, name, &policy::Name::text) != names.end();
    if (!name.empty() && !known) names.push_back({std::move(name), range});
    begin = end + 1;
  }
  return names;
}

/// The calls that the names stand for, sets by their members.
std::set<std::string_view> calls_of(const std::vector<policy::Name>& names) {
  std::set<std::string_view> calls;
  for (const policy::Name& name : names) {
    const auto members = arch::members_of_set(name.text);
    if (members) {
      calls.insert(members->begin(), members->end());
    } else {
      calls.insert(name.text);
    }
  }
  return calls;
}

policy::Group group_of(const std::set<std::string_view>& calls, const char* error, SourceRange range) {
  policy::Group group;
  group.action = policy::Action::kErrno;
  group.error.name = error;
  group.range = range;
  for (const std::string_view call : calls) group.names.push_back({std::string(call), range});
  return group;
}

bool is_noted(const std::vector<resolve::Siblings::Partial>& noted, const resolve::Siblings::Partial& partial) {
  return std::ranges::any_of(noted, [&](const resolve::Siblings::Partial& other) {
    return other.denied == partial.denied && other.calls == partial.calls;
  });
}

}  // namespace

DenyList deny_list(const std::vector<std::string>& lists, const std::vector<arch::Abi>& abis) {
  DenyList list;
  const auto source = std::make_shared<const SourceText>(kDenyOption, join(lists, ","));
  const std::vector<policy::Name> names = names_in(source->text());
  const std::set<std::string_view> denied = calls_of(names);
  std::set<std::string_view> same;
  std::set<std::string_view> absent;
  for (const arch::Abi abi : abis) {
    const resolve::Siblings siblings = resolve::siblings_of(abi, denied);
    same.insert(siblings.same.begin(), siblings.same.end());
    absent.insert(siblings.absent.begin(), siblings.absent.end());
    for (const resolve::Siblings::Partial& partial : siblings.partial) {
      if (!is_noted(list.partial, partial)) list.partial.push_back(partial);
    }
  }
  for (const std::string_view call : absent) same.erase(call);
  list.with_it = {same.begin(), same.end()};
  list.with_it.insert(list.with_it.end(), absent.begin(), absent.end());
  std::ranges::sort(list.with_it);
  for (const policy::Name& name : names) list.written.push_back(name.text);
  // To libc and others EPERM is no reason to fall back to clone.
  if (denied.contains("clone3")) absent.insert("clone3");

  const SourceRange whole = {0, static_cast<uint32_t>(source->text().size())};
  policy::Policy& policy = list.policy;
  policy.source = source;
  policy.default_action = policy::Action::kAllow;
  policy.default_range = whole;
  for (const arch::Abi abi : abis) policy.architectures.push_back({abi, whole});
  if (!absent.empty()) policy.groups.push_back(group_of(absent, "ENOSYS", whole));
  if (!names.empty()) policy.groups.push_back(group_of({}, "EPERM", whole));
  if (!names.empty()) policy.groups.back().names = names;
  if (!same.empty()) policy.groups.push_back(group_of(same, "EPERM", whole));
  return list;
}

}  // namespace sandbox::launcher
