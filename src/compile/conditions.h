// Code for what is decided by arguments.
//
// Arguments are compared 32 bits at a time, the width of classic BPF's accumulator. What compares one argument, in
// however many conditions and clauses one behind the other, is one search among its values: the word is loaded once. A
// way on that begins by loading what A already holds is entered behind its load.
#pragma once

#include <cstdint>
#include <span>

#include "bpf/assembler.h"
#include "bpf/program.h"
#include "compile/effort.h"
#include "resolve/rule_set.h"

namespace sandbox::compile {

/// A word of an argument, and the bits of it that are kept.
struct Word {
  uint32_t offset = 0;  ///< In struct seccomp_data.
  uint32_t mask = 0;    ///< 0: no word.
  bool operator==(const Word&) const = default;
};

/// Where a way through conditions begins.
struct CodeEntry {
  bpf::Assembler::Node node = 0;    ///< Expects nothing in A.
  Word word = {};                   ///< What it loads first.
  bpf::Assembler::Node loaded = 0;  ///< The same way, for those who have the word in A.
};

/// The conditions of one clause, and the way on when all hold.
struct Choice {
  std::span<const resolve::Condition> conditions;
  CodeEntry matched;
  uint32_t tag = 0;  ///< For the nodes that are made for it.
};

/// The way on of the first choice whose conditions all hold, else `otherwise`. Sets the assembler's tag.
CodeEntry compile_choices(bpf::Assembler& assembler, std::span<const Choice> choices, const CodeEntry& otherwise,
                          bpf::Endian endian, Effort effort);

}  // namespace sandbox::compile
