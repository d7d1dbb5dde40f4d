#include "sandbox-policy/text_formats.h"

namespace sandbox::tool {

resolve::TextFormat text_format(std::string_view name) {
  if (name == "beats") return resolve::TextFormat::kBeats;
  if (name == "oci") return resolve::TextFormat::kOci;
  if (name == "k8s") return resolve::TextFormat::kKubernetes;
  return resolve::TextFormat::kSystemd;
}

std::string_view format_of_ending(std::string_view file) {
  if (file.ends_with(".json")) return "oci";
  if (file.ends_with(".service") || file.ends_with(".conf")) return "systemd";
  return "beats";
}

std::string stem_of(std::string name) {
  name.erase(0, name.find_last_of("/:") + 1);  // npos + 1 is 0.
  const size_t dot = name.rfind('.');
  if (dot != std::string::npos && dot > 0) name.resize(dot);
  return name.empty() ? "profile" : name;
}

}  // namespace sandbox::tool
