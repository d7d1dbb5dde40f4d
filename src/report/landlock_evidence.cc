#include "report/landlock_evidence.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sandbox::report {
namespace {

/// The kernel records four arguments.
constexpr size_t kRecordedArguments = 4;

bool is_same_call(const LandlockEvidence::Expected& expected, const Event& event) {
  return expected.process == event.process.pid && expected.call.arch == event.call.arch &&
         expected.call.number == event.call.number &&
         std::equal(expected.call.args.begin(), expected.call.args.begin() + kRecordedArguments,
                    event.call.args.begin());
}

bool is_same_object(const LandlockReason& a, const LandlockReason& b) {
  return a.files == b.files && a.ports == b.ports && a.scopes == b.scopes && a.path == b.path && a.port == b.port;
}

}  // namespace

std::optional<LandlockEvidence::Finding> LandlockEvidence::expect(Expected expected) {
  std::optional<Finding> oldest;
  if (expected_.size() == kMaxExpected) {
    oldest = Finding{std::move(expected_.front()), std::nullopt};
    expected_.pop_front();
  }
  expected_.push_back(std::move(expected));
  return oldest;
}

std::optional<size_t> LandlockEvidence::layer_of(const std::string& domain) const {
  const auto found = std::ranges::find(domains_, domain);
  if (domain.empty() || found == domains_.end()) return std::nullopt;
  return static_cast<size_t>(found - domains_.begin());
}

void LandlockEvidence::take_access(LandlockAccessRecord access, Clock::time_point now) {
  const auto layer = layer_of(access.domain);
  const bool complete = std::ranges::none_of(domains_, [](const std::string& domain) { return domain.empty(); });
  if (!layer && complete) return;
  if (layer) {
    // One that is pushed out here has lost its call's record, and what was expected then has none.
    if (pending_.size() == kMaxPending) pending_.pop_front();
    pending_.push_back({std::move(access), *layer, now});
  } else {
    if (unknown_.size() == kMaxPending) unknown_.pop_front();
    unknown_.push_back(std::move(access));
  }
}

/// The first one counts: what the program learns of the name later is of no use to it.
void LandlockEvidence::take_domain(const LandlockDomainRecord& domain, Clock::time_point now) {
  const bool marked = domain.name.size() == mark_.size() + 1 && domain.name.starts_with(mark_);
  if (!marked || domain.process != process_ || domain.program != program_) return;
  const auto layer = static_cast<size_t>(domain.name.back() - 'a');
  if (layer >= domains_.size() || !domains_[layer].empty()) return;
  domains_[layer] = domain.domain;
  proven_ = true;
  // The record of the denial comes before that of the domain.
  const auto of_domain = [&](const LandlockAccessRecord& access) { return access.domain == domain.domain; };
  for (LandlockAccessRecord& access : unknown_) {
    if (of_domain(access)) pending_.push_back({access, layer, now});
  }
  std::erase_if(unknown_, of_domain);
}

std::optional<LandlockEvidence::Expected> LandlockEvidence::take_expected(const CallRecord& call) {
  const auto found =
      std::ranges::find_if(expected_, [&](const Expected& one) { return is_same_call(one, call.event); });
  if (found == expected_.end()) return std::nullopt;
  Expected expected = std::move(*found);
  expected_.erase(found);
  return expected;
}

std::optional<LandlockEvidence::Expected> LandlockEvidence::take_expected(const Pending& pending) {
  const auto found = std::ranges::find_if(expected_, [&](const Expected& one) {
    return one.layer == pending.layer && is_same_object(one.reason, pending.access.reason);
  });
  if (found == expected_.end()) return std::nullopt;
  Expected expected = std::move(*found);
  expected_.erase(found);
  return expected;
}

std::vector<LandlockEvidence::Finding> LandlockEvidence::take_call(const CallRecord& call) {
  std::vector<Finding> findings;
  for (Pending& pending : pending_) {
    if (pending.access.stamp != call.stamp) continue;
    Finding finding;
    if (findings.empty()) finding.expected = take_expected(call);
    finding.recorded = {pending.layer, std::move(pending.access.reason), pending.access.inode, call.event,
                        !findings.empty()};
    findings.push_back(std::move(finding));
  }
  if (!findings.empty()) {
    std::erase_if(pending_, [&](const Pending& pending) { return pending.access.stamp == call.stamp; });
  }
  return findings;
}

std::vector<LandlockEvidence::Finding> LandlockEvidence::take(uint32_t type, std::string_view text,
                                                              Clock::time_point now) {
  if (type == kLandlockAccessRecord) {
    if (auto access = read_landlock_access(text)) take_access(std::move(*access), now);
  } else if (type == kLandlockDomainRecord) {
    if (const auto domain = read_landlock_domain(text)) take_domain(*domain, now);
  } else if (type == kSyscallRecord && !pending_.empty()) {
    if (const auto call = read_call_record(text)) return take_call(*call);
  }
  return {};
}

std::vector<LandlockEvidence::Finding> LandlockEvidence::overdue(Clock::time_point now) {
  std::vector<Finding> findings;
  for (; !pending_.empty() && now - pending_.front().since >= kCall; pending_.pop_front()) {
    Pending& pending = pending_.front();
    Finding finding;
    finding.expected = take_expected(pending);
    finding.recorded = {pending.layer, std::move(pending.access.reason), pending.access.inode, std::nullopt, false};
    findings.push_back(std::move(finding));
  }
  for (; !expected_.empty() && now - expected_.front().since >= kTimeout; expected_.pop_front()) {
    findings.push_back({std::move(expected_.front()), std::nullopt});
  }
  return findings;
}

std::optional<LandlockEvidence::Clock::time_point> LandlockEvidence::due() const {
  std::optional<Clock::time_point> first;
  if (!pending_.empty()) first = pending_.front().since + kCall;
  if (!expected_.empty()) {
    const Clock::time_point other = expected_.front().since + kTimeout;
    first = first ? std::min(*first, other) : other;
  }
  return first;
}

}  // namespace sandbox::report
