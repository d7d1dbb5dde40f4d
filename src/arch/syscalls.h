// The system-call tables, read from libseccomp when the project is built (syscall_table_generator.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "arch/abi.h"

namespace sandbox::arch {

/// A name by which some ABI has a call: an index below call_count(). Finding it is the dear part of number_of().
enum class CallId : uint16_t {};
size_t call_count();
std::optional<CallId> find_call(std::string_view name);

/// The number of a system call on an ABI; none when the ABI does not have it. Never a pseudo-number of libseccomp's.
std::optional<uint32_t> number_of(Abi abi, CallId call);
std::optional<uint32_t> number_of(Abi abi, std::string_view name);

/// The name of a system call by its number; none for numbers that no call of the ABI has.
std::optional<std::string_view> name_of(Abi abi, uint32_t number);

/// The ABIs that have a call of this name, in the order of the enumeration. Empty: the name is unknown.
std::vector<Abi> abis_with(std::string_view name);

/// The call's name. Calls are numbered in the order of their names, from 0 to call_count() - 1.
std::string_view name_of(CallId call);

/// The calls of an ABI in the order of their numbers.
std::span<const CallId> calls_by_number(Abi abi);

/// The names of all calls of an ABI, sorted.
std::vector<std::string_view> names_on(Abi abi);

/// The libseccomp release that the tables were read from, such as "2.5.4".
std::string_view table_source();

}  // namespace sandbox::arch
