// systemd units and drop-ins: SystemCallFilter= and the keys beside it (systemd.exec(5)).
#pragma once

#include <cstddef>

#include "base/diagnostic.h"
#include "policy/environment.h"
#include "policy/policy.h"

namespace sandbox::policy {

/// The most calls that a unit may name, counted for each time; a set names all its members.
inline constexpr size_t kMaxUnitNames = 1'000'000;

/// Reads `diagnostics.source()` as systemd does on a machine whose own ABI is `environment.native`: assignments are
/// merged in order, an empty one resets, the first decides whether the list allows or denies. Sets become their
/// members, by the table of arch/call_sets.h. Names that systemd would pass over with a warning are warnings here; what
/// it would pass over so that less is denied is an error.
///
/// A call that an allow list does not name gets what SystemCallErrorNumber= says whether systemd knows it or not, which
/// is what systemd.exec(5) says; from 255 on systemd answers ENOSYS to those it does not know.
Policy read_unit(const Environment& environment, Diagnostics& diagnostics);

}  // namespace sandbox::policy
