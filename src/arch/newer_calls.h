// Calls that Linux gained after 5.17, where the tables of libseccomp 2.5.4 end.
//
// syscall_table_generator.cc merges them into the tables that it reads from libseccomp. A libseccomp that knows a call
// of this list (Debian's 2.5.4 knows those up to Linux 6.7) must know it by the same number, or the build stops.
//
// The source is the kernel's tables at the tags v5.18 to v7.0: scripts/syscall.tbl (aarch64, riscv64),
// arch/x86/entry/syscalls/syscall_{32,64}.tbl, arch/arm/tools/syscall.tbl and
// arch/{mips,parisc,powerpc,s390}/kernel/syscalls/. A line there that names the same number for every ABI is one row
// here. To add a call: append its row, and correct the tests that name the last one.
#pragma once

#include <cstdint>
#include <string_view>

#include "arch/abi_set.h"
#include "arch/call_versions.h"

namespace sandbox::arch {

struct NewerCall {
  std::string_view name;
  uint32_t number;  ///< Counted from AbiInfo::first_number.
  AbiSet abis;      ///< Those that gained the call in this release; a call may have several rows.
  KernelVersion since;
};

inline constexpr AbiSet kX86_64AndX32 = {Abi::kX86_64, Abi::kX32};  // Lines marked "common" in syscall_64.tbl.

inline constexpr NewerCall kNewerCalls[] = {
    // The number belongs to every ABI; s390 took the call up late, and others never did.
    {"memfd_secret", 447, kEveryS390, {6, 4}},
    {"riscv_hwprobe", 258, {Abi::kRiscv64}, {6, 4}},
    {"cacheflush", 356, kEveryParisc, {6, 5}},
    {"cachestat", 451, every_abi(), {6, 5}},
    {"fchmodat2", 452, every_abi(), {6, 6}},
    {"map_shadow_stack", 453, {Abi::kX86_64}, {6, 6}},
    {"map_shadow_stack", 453, every_abi() - kX86_64AndX32, {6, 7}},
    {"map_shadow_stack", 453, {Abi::kX32}, {6, 10}},
    {"futex_wake", 454, every_abi(), {6, 7}},
    {"futex_wait", 455, every_abi(), {6, 7}},
    {"futex_requeue", 456, every_abi(), {6, 7}},
    {"statmount", 457, every_abi(), {6, 8}},
    {"listmount", 458, every_abi(), {6, 8}},
    {"lsm_get_self_attr", 459, every_abi(), {6, 8}},
    {"lsm_set_self_attr", 460, every_abi(), {6, 8}},
    {"lsm_list_modules", 461, every_abi(), {6, 8}},
    {"mseal", 462, every_abi(), {6, 10}},
    // The kernel lets these two past every filter on x86_64: no policy can deny them there.
    {"uretprobe", 335, kX86_64AndX32, {6, 11}},
    {"uprobe", 336, kX86_64AndX32, {6, 18}},
    {"setxattrat", 463, every_abi(), {6, 13}},
    {"getxattrat", 464, every_abi(), {6, 13}},
    {"listxattrat", 465, every_abi(), {6, 13}},
    {"removexattrat", 466, every_abi(), {6, 13}},
    {"open_tree_attr", 467, every_abi(), {6, 15}},
    {"file_getattr", 468, every_abi(), {6, 17}},
    {"file_setattr", 469, every_abi(), {6, 17}},
    {"listns", 470, every_abi(), {6, 19}},
    {"rseq_slice_yield", 471, every_abi(), {7, 0}},
};

}  // namespace sandbox::arch
