#include "sandbox-policy/json.h"

#include "arch/errno_names.h"

namespace sandbox::tool {

Json& add_verdict(Json& json, resolve::Verdict verdict, arch::Abi abi) {
  json.open_object();
  json.member("action", policy::name_of(verdict.action));
  if (verdict.action == policy::Action::kErrno) {
    json.member("errno", std::string_view(arch::errno_name(abi, verdict.data)));
    json.member("number", uint64_t{verdict.data});
  } else if (verdict.data != 0) {
    json.member("data", uint64_t{verdict.data});
  }
  return json.close_object();
}

Json& add_errors(Json& json, std::span<const KeptError> errors) {
  json.open_array();
  for (const KeptError& error : errors) {
    json.open_object();
    if (!error.file.empty()) json.member("file", std::string_view(error.file));
    if (error.place.line != 0) {
      json.member("line", uint64_t{error.place.line}).member("column", uint64_t{error.place.column});
    }
    json.member("message", std::string_view(error.message)).close_object();
  }
  return json.close_array();
}

}  // namespace sandbox::tool
