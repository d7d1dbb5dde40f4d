// package_generator TEMPLATE: prints the template with the programs' own tables in it, so that what is installed beside
// the programs cannot differ from them: sandbox-run.bash.in is the completion of sandbox-run for bash, and
// policy.schema.json.in the JSON Schema of policies. A word between '@' that is not known stops the build.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "generator/answers.h"

namespace {

std::string filled(const std::string& line, const sandbox::generator::Answers& answers) {
  std::string text = line + "\n";
  size_t at = 0;
  while ((at = text.find('@', at)) != std::string::npos) {
    const size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at + 1);
    if (end == std::string::npos || text[end] != '@' || end == at + 1) {  // The '@' of a set's name.
      ++at;
      continue;
    }
    const std::string word = text.substr(at + 1, end - at - 1);
    const auto answer = answers.find(word);
    if (answer == answers.end()) {
      std::fprintf(stderr, "package_generator: nothing is known by the name @%s@\n", word.c_str());
      std::exit(1);
    }
    if (answer->second.ends_with('\n')) return answer->second;
    text.replace(at, end + 1 - at, answer->second);
    at += answer->second.size();
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path path = argc == 2 ? argv[1] : "";
  const std::string name = path.filename();
  std::ifstream file(path);
  if (!file) {
    std::fprintf(stderr, "package_generator: cannot read '%s'\n", path.c_str());
    return 1;
  }
  const auto answers = name.ends_with(".json.in")
                           ? sandbox::generator::schema_answers()
                           : sandbox::generator::completion_answers(name.substr(0, name.find('.')));
  for (std::string line; std::getline(file, line);) std::fputs(filled(line, answers).c_str(), stdout);
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? 0 : 1;
}
