#include "sandbox-run/profile_list.h"

#include <cstdio>
#include <string>
#include <utility>

#include "base/diagnostic.h"
#include "base/file.h"
#include "base/json.h"
#include "policy/text_check.h"
#include "profiles/by_name.h"
#include "profiles/description.h"

namespace sandbox::launcher {
namespace {

/// The text of a policy file, as far as it can be read: only its comment is wanted.
std::string text_of(const profiles::Found& found) {
  if (found.built_in != nullptr) return std::string(found.built_in->text);
  auto contents = read_file(found.path, policy::kMaxPolicyBytes);
  return contents ? std::move(contents->bytes) : std::string();
}

void print(const char* what, const std::string& text) {
  if (!text.empty()) std::printf("  %s%s\n", what, printable(text, 4096).c_str());
}

void print_as_text(const profiles::Listed& listed, const profiles::Places& places) {
  const profiles::Found& found = listed.found;
  std::printf("%s  (%s)\n", listed.name.c_str(),
              found.built_in != nullptr ? "built in" : printable(found.path, 4096).c_str());
  if (const auto why = profiles::why_unusable(found, places)) return print("Not usable: ", *why);
  const profiles::Description description = profiles::describe(text_of(found));
  print("", description.summary);
  print("For:    ", description.for_whom);
  print("Allows: ", description.allows);
  print("Denies: ", description.denies);
  print("Files:  ", description.files);
}

void add_as_json(const profiles::Listed& listed, const profiles::Places& places, Json& json) {
  const profiles::Found& found = listed.found;
  json.open_object().member("name", std::string_view(listed.name));
  json.member("from", found.built_in != nullptr ? std::string_view("built in") : std::string_view(found.path));
  if (const auto why = profiles::why_unusable(found, places)) {
    json.member("unusable", std::string_view(*why)).close_object();
    return;
  }
  const profiles::Description description = profiles::describe(text_of(found));
  const auto add = [&](std::string_view key, const std::string& text) {
    if (!text.empty()) json.member(key, std::string_view(text));
  };
  add("summary", description.summary);
  add("for", description.for_whom);
  add("allows", description.allows);
  add("denies", description.denies);
  add("files", description.files);
  json.close_object();
}

}  // namespace

void list_profiles(const Options& options) {
  const profiles::Places places = profiles::own_places();
  Json json;
  json.open_object().key("profiles").open_array();
  for (const profiles::Listed& listed : profiles::list_all(places)) {
    if (listed.hidden) continue;
    options.json ? add_as_json(listed, places, json) : print_as_text(listed, places);
  }
  if (options.json) std::fputs(json.close_array().close_object().text().c_str(), stdout);
}

}  // namespace sandbox::launcher
