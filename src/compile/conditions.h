// Code for the comparison of one argument.
#pragma once

#include "bpf/assembler.h"
#include "bpf/program.h"
#include "resolve/rule_set.h"

namespace sandbox::compile {

/// A node that continues at `yes` when the condition holds and at `no` otherwise. Arguments are compared 32 bits at a
/// time, the width of classic BPF's accumulator.
bpf::Assembler::Node compile_condition(bpf::Assembler& assembler, const resolve::Condition& condition,
                                       bpf::Endian endian, bpf::Assembler::Node yes, bpf::Assembler::Node no);

}  // namespace sandbox::compile
