#include "sandbox-policy/commands/scan_report.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "arch/argument_kinds.h"
#include "arch/narrowed_arguments.h"
#include "arch/syscalls.h"
#include "base/json.h"
#include "base/text.h"

namespace sandbox::tool {
namespace {

using scan::Exit;
using scan::FoundCall;
using scan::ScanResult;

constexpr size_t kMaxPlaces = 5;

std::string_view exit_name(Exit::Kind kind) {
  switch (kind) {
    case Exit::Kind::kLibrary:
      return "library";
    case Exit::Kind::kSymbol:
      return "symbol";
    case Exit::Kind::kNss:
      return "nss";
    case Exit::Kind::kProgram:
      return "program";
    case Exit::Kind::kCode:
      return "code";
  }
  return "";
}

std::string exit_head(Exit::Kind kind) {
  switch (kind) {
    case Exit::Kind::kLibrary:
      return "loads libraries while it runs; --with LIB adds what these call";
    case Exit::Kind::kSymbol:
      return "looks up functions by names that are not known";
    case Exit::Kind::kNss:
      return "asks the libraries of nsswitch.conf(5); --with-nss adds what these call";
    case Exit::Kind::kProgram:
      return "starts programs, which keep the policy: scan these, too";
    case Exit::Kind::kCode:
      return "makes memory executable: code that is made at run time is not scanned";
  }
  return "";
}

std::string exit_line(const Exit& exit) {
  if (exit.kind == Exit::Kind::kNss) return exit.place.text();
  return exit.place.text() + (exit.what.empty() ? "" : " (" + printable(exit.what) + ")");
}

void print_exits(const ScanResult& result, Output& out) {
  constexpr Exit::Kind kKinds[] = {Exit::Kind::kLibrary, Exit::Kind::kSymbol, Exit::Kind::kNss, Exit::Kind::kProgram,
                                   Exit::Kind::kCode};
  for (const Exit::Kind kind : kKinds) {
    std::vector<std::string> lines;
    for (const Exit& exit : result.exits) {
      if (exit.kind != kind) continue;
      std::string line = exit_line(exit);
      if (std::ranges::find(lines, line) == lines.end()) lines.push_back(std::move(line));
    }
    if (lines.empty()) continue;
    out.line("");
    out.line(out.paint(Colour::kBold, "It " + exit_head(kind) + ":"));
    for (size_t i = 0; i < std::min(lines.size(), kMaxPlaces); ++i) out.line("  " + lines[i]);
    if (lines.size() > kMaxPlaces) out.line("  and " + std::to_string(lines.size() - kMaxPlaces) + " more");
  }
}

void print_calls(const ScanResult& result, Output& out) {
  std::map<arch::Abi, std::vector<std::string>> names;
  for (const FoundCall& call : result.calls) names[call.abi].push_back(call_name(call));
  for (auto& [abi, calls] : names) {
    std::ranges::sort(calls);
    if (abi != arch::Abi::kX86_64) {
      out.line(out.paint(Colour::kBold, "Of the ABI " + std::string(arch::info(abi).name) + ":"));
    }
    out.words("", 2, calls);
  }
}

// ---- Arguments ----

std::string value_text(const FoundCall& call, const arch::NarrowedArgument& argument, uint64_t value) {
  const std::string name = call_name(call);
  return arch::constant_text(call.abi, arch::argument_kind(call.abi, name, argument.argument), value)
      .value_or(hex(value));
}

/// "AF_UNIX SOCK_STREAM", and "any" for what is not known.
std::string values_text(const FoundCall& call, const arch::NarrowedValues& values) {
  return join(arch::narrowed_arguments(call.abi, call_name(call)), " ",
              [&, i = size_t{0}](const auto& argument) mutable {
                const auto& value = values.at(i++);
                return value ? value_text(call, argument, *value) : std::string("any");
              });
}

void print_arguments(const ScanResult& result, Output& out) {
  constexpr size_t kColumn = 15;
  bool first = true;
  for (const FoundCall& call : result.calls) {
    if (!call.arguments) continue;
    if (std::exchange(first, false)) {
      out.line("");
      out.line(out.paint(Colour::kBold, "What they are called for:"));
    }
    const bool other_abi = call.abi != arch::Abi::kX86_64;
    const std::string abi = other_abi ? " of " + std::string(arch::info(call.abi).name) : "";
    std::vector<std::string> texts;
    for (const arch::NarrowedValues& values : call.arguments->values) texts.push_back(values_text(call, values) + ",");
    if (!texts.empty()) texts.back().pop_back();
    if (call.arguments->any()) texts = {"anything"};
    out.words("  " + call_name(call) + abi, kColumn, texts);
    const std::vector<scan::CodePlace>& open = call.arguments->open;
    const std::string indent(kColumn, ' ');
    for (size_t i = 0; i < std::min(open.size(), kMaxPlaces); ++i) {
      out.line(indent + "not constant in " + open[i].text());
    }
    if (open.size() > kMaxPlaces) out.line(indent + "and in " + plural(open.size() - kMaxPlaces, "more place"));
  }
}

void add_place(Json& json, const scan::CodePlace& place) {
  json.open_object().member("file", place.file);
  if (!place.function.empty()) json.member("function", place.function);
  json.hex_member("offset", place.offset).close_object();
}

void add_chain(Json& json, const FoundCall& call) {
  json.key("chain").open_array();
  for (const scan::ChainLink& link : call.chain) {
    json.open_object().member("how", link.how).key("function");
    add_place(json, link.function);
    json.close_object();
  }
  json.close_array();
}

/// Each element of "values" is a list of conditions, all of which hold; an empty one: any arguments.
void add_arguments(Json& json, const FoundCall& call) {
  const auto narrowed = arch::narrowed_arguments(call.abi, call_name(call));
  json.key("arguments").open_object().key("values").open_array();
  for (const arch::NarrowedValues& values : call.arguments->values) {
    json.open_array();
    for (size_t i = 0; i < narrowed.size(); ++i) {
      if (!values.at(i)) continue;
      json.open_object().member("argument", uint64_t{narrowed[i].argument});
      if (narrowed[i].part) json.hex_member("mask", narrowed[i].mask);
      json.hex_member("value", *values.at(i)).member("text", value_text(call, narrowed[i], *values.at(i)));
      json.close_object();
    }
    json.close_array();
  }
  json.close_array().key("open").open_array();
  for (const scan::CodePlace& place : call.arguments->open) add_place(json, place);
  json.close_array().close_object();
}

void add_call(Json& json, const FoundCall& call) {
  json.open_object();
  json.member("name", call_name(call)).member("abi", arch::info(call.abi).name);
  json.member("number", uint64_t{call.number}).key("places").open_array();
  for (const scan::CodePlace& place : call.places) add_place(json, place);
  json.close_array();
  if (call.arguments) add_arguments(json, call);
  json.close_object();
}

void add_unknown(Json& json, const ScanResult& result) {
  json.key("unknown").open_array();
  for (const scan::Unknown& unknown : result.unknown) {
    json.open_object().member("what", unknown.what).key("place");
    add_place(json, unknown.place);
    json.close_object();
  }
  json.close_array();
}

void add_names(Json& json, std::string_view key, const std::vector<const FoundCall*>& calls) {
  json.key(key).open_array();
  for (const FoundCall* call : calls) json.value(call_name(*call));
  json.close_array();
}

}  // namespace

std::string call_name(const FoundCall& call) {
  const auto name = arch::name_of(call.abi, call.number);
  if (name) return std::string(*name);
  return "number " + std::to_string(call.number) + " of " + std::string(arch::info(call.abi).name);
}

void print_unknown(const ScanResult& result, Output& out) {
  if (result.unknown.empty()) return;
  out.line("");
  out.line(out.paint(Colour::kBold, "Not known:"));
  for (const scan::Unknown& unknown : result.unknown) out.line("  " + unknown.place.text() + " " + unknown.what);
}

void print_scan(const ScanResult& result, const std::optional<CodeComparison>& policy, Output& out) {
  out.line(out.paint(Colour::kBold, printable_path(result.program)) +
           (result.libraries.empty()
                ? ""
                : ", with " + plural(result.libraries.size(), "file") + " that it is linked with") +
           ": " + plural(result.calls.size(), "system call"));
  print_calls(result, out);
  print_arguments(result, out);
  print_unknown(result, out);
  if (!result.nameless.empty()) {
    out.line("");
    out.line("Numbers that no call has, and are left out: " +
             join(result.nameless, ", ", [](uint32_t number) { return std::to_string(number); }));
  }
  print_exits(result, out);
  if (!policy) return;
  print_missed(*policy, out);
  print_needless(*policy, out);
}

std::string scan_json(const ScanResult& result, const std::optional<CodeComparison>& policy) {
  Json json;
  json.open_object().member("program", result.program).key("libraries").open_array();
  for (const std::string& library : result.libraries) json.value(library);
  json.close_array().key("calls").open_array();
  for (const FoundCall& call : result.calls) add_call(json, call);
  json.close_array();
  add_unknown(json, result);
  json.key("exits").open_array();
  for (const Exit& exit : result.exits) {
    json.open_object().member("kind", exit_name(exit.kind)).member("what", exit.what).key("place");
    add_place(json, exit.place);
    json.close_object();
  }
  json.close_array();
  if (policy) {
    json.key("policy").open_object().member("name", policy->policy);
    add_names(json, "denied", policy->denied);
    add_names(json, "conditional", policy->conditional);
    add_names(json, "absent", policy->absent);
    json.key("needless").open_array();
    for (const std::string& name : policy->needless) json.value(name);
    json.close_array().close_object();
  }
  return json.close_object().text();
}

void add_code(Json& json, const CodeComparison& comparison, const ScanResult& result) {
  json.key("program").open_object().member("name", result.program);
  const auto add = [&](std::string_view key, const std::vector<const FoundCall*>& calls) {
    json.key(key).open_array();
    for (const FoundCall* call : calls) add_call(json, *call);
    json.close_array();
  };
  add("denied", comparison.denied);
  add("conditional", comparison.conditional);
  add("absent", comparison.absent);
  add_unknown(json, result);
  json.close_object();
}

void print_chain(const ScanResult& result, const FoundCall& call, bool json, Output& out) {
  if (json) {
    Json document;
    document.open_object().member("program", result.program).member("call", call_name(call));
    add_chain(document, call);
    out.add(document.close_object().text());
    return;
  }
  out.line(out.paint(Colour::kBold, printable_path(result.program)) + " can make " + call_name(call) + ":");
  if (call.by_kernel) out.line("  the kernel uses it by itself");
  for (size_t i = 0; i < call.chain.size(); ++i) {
    const scan::ChainLink& link = call.chain[i];
    const std::string name = link.function.text();
    out.line("  " + (i == 0 ? name + ", " + link.how : "  " + link.how + " " + name));
  }
  if (!call.places.empty()) out.line("    makes the call in " + call.places.front().text());
}

}  // namespace sandbox::tool
