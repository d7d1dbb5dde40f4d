// Events as programs read them: JSON lines in Elastic Common Schema, in the shape in which Auditbeat reports a seccomp
// violation. What only we know stands under `sandbox_run`, which ECS leaves to custom namespaces.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "report/event.h"
#include "report/tally.h"

namespace sandbox::report {

/// One denied call: a JSON object on one line, with a newline at its end.
std::string ecs_line(const Event& event);

/// How often a call was denied in a whole run, for its end: `event.kind` is "metric" and the count is
/// `sandbox_run.count`.
std::string ecs_summary_line(const Total& total, std::chrono::system_clock::time_point time, const std::string& policy);

}  // namespace sandbox::report
