// The fuzzers without libFuzzer.
//
//   NAME_fuzzer --rounds ROUNDS DICTIONARY FOLDER...: the files of the folders, then random mutations of them
//   NAME_fuzzer FILE_OR_FOLDER...: these inputs alone, to look at a failure again
//
// The input at which the program dies is left in the working directory as NAME_fuzzer.input.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzzer.h"
#include "support/random.h"

namespace {

using sandbox::testing::Random;

constexpr size_t kLargestSeed = 16384;  // Mutations of larger files take long and find little.

std::string current_input;
std::string kept_as;

/// Only what may be done in a signal handler.
void keep_input(int signal) {
  const int fd = open(kept_as.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd >= 0 && write(fd, current_input.data(), current_input.size()) >= 0) close(fd);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void try_input(std::string input) {
  current_input = std::move(input);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(current_input.data()), current_input.size());
}

std::string read_whole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The quoted words of a dictionary in libFuzzer's format: "word", with \\, \" and \xNN.
std::vector<std::string> read_dictionary(const std::filesystem::path& path) {
  std::vector<std::string> words;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with('"')) continue;
    std::string word;
    for (size_t i = 1; i + 1 < line.size(); ++i) {
      if (line[i] == '\\' && line[i + 1] == 'x') {
        word += static_cast<char>(std::stoi(line.substr(i + 2, 2), nullptr, 16));
        i += 3;
      } else {
        i += line[i] == '\\' ? 1 : 0;
        word += line[i];
      }
    }
    words.push_back(word);
  }
  return words;
}

/// Texts that belong together: each folder is drawn from as often as any other.
using Folder = std::vector<std::string>;

Folder read_folder(const char* path) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_regular_file(path)) return {read_whole(path)};
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.is_regular_file() && entry.path().extension() != ".expected") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());  // The order of a directory is no order.
  Folder texts;
  for (const auto& file : files) texts.push_back(read_whole(file));
  return texts;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    lines.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return lines;
}

void mutate_bytes(Random& random, std::string& text, const std::vector<std::string>& words) {
  const size_t at = random.below(text.size() + 1);
  switch (random.below(5)) {
    case 0:
      text.insert(at, random.any_of(words));
      break;
    case 1:
      text.replace(at, random.below(6), random.any_of(words));
      break;
    case 2:
      text.erase(at, 1 + random.below(random.one_in(4) ? 200 : 4));
      break;
    case 3:
      if (at < text.size()) text[at] = static_cast<char>(random.bits());
      break;
    default:
      if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
      break;
  }
}

void mutate_lines(Random& random, std::string& text, const std::string& other) {
  std::vector<std::string> lines = lines_of(text);
  const std::vector<std::string> foreign = lines_of(other);
  if (lines.empty() || foreign.empty()) return;
  const auto at = lines.begin() + static_cast<std::ptrdiff_t>(random.below(lines.size()));
  switch (random.below(5)) {
    case 0:
      lines.erase(at);
      break;
    case 1:
      lines.insert(at, std::string(random.any_of(lines)));
      break;
    case 2:
      lines.insert(at, random.any_of(foreign));
      break;
    case 3:
      at->insert(0, random.one_in(2) ? "  " : " ");
      break;
    default:
      if (at->starts_with(' ')) at->erase(0, 1 + random.below(2));
      break;
  }
  text.clear();
  for (const std::string& line : lines) text += line;
}

std::string mutated(Random& random, const std::vector<Folder>& folders, const std::vector<std::string>& words) {
  std::string text = random.any_of(random.any_of(folders));
  for (size_t count = 1 + random.below(4); count > 0; --count) {
    if (random.one_in(2)) {
      mutate_bytes(random, text, words);
    } else {
      mutate_lines(random, text, random.any_of(random.any_of(folders)));
    }
  }
  return text;
}

/// Every one must be there: a replay of nothing proves nothing.
int run_files(int argc, char** argv) {
  size_t inputs = 0;
  for (int i = 1; i < argc; ++i) {
    for (const std::string& text : read_folder(argv[i])) {
      try_input(text);
      ++inputs;
    }
  }
  std::printf("%zu inputs, %zu times something was accepted\n", inputs, sandbox::fuzz::accepted);
  return inputs > 0 && sandbox::fuzz::accepted > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run_rounds(size_t rounds, const char* dictionary, int count, char** names) {
  const std::vector<std::string> words = read_dictionary(dictionary);
  std::vector<Folder> folders;
  for (int i = 0; i < count; ++i) folders.push_back(read_folder(names[i]));
  for (Folder& folder : folders) {
    for (const std::string& text : folder) try_input(text);
    std::erase_if(folder, [](const std::string& text) { return text.size() > kLargestSeed; });
    if (folder.empty() || words.empty()) {
      std::fprintf(stderr, "no dictionary, or a folder without inputs to begin with\n");
      return EXIT_FAILURE;
    }
  }

  Random random(sandbox::testing::test_seed());
  sandbox::fuzz::accepted = 0;
  for (size_t round = 0; round < rounds; ++round) try_input(mutated(random, folders, words));
  std::printf("%zu mutations; %zu times something was accepted\n", rounds, sandbox::fuzz::accepted);
  if (sandbox::fuzz::accepted >= rounds / 50) return EXIT_SUCCESS;
  std::fprintf(stderr, "too little was accepted for the test to mean much\n");
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  kept_as = std::string(program_invocation_short_name) + ".input";
  std::signal(SIGABRT, keep_input);
  std::signal(SIGSEGV, keep_input);
  if (argc < 5 || std::string(argv[1]) != "--rounds") return run_files(argc, argv);
  return run_rounds(std::strtoul(argv[2], nullptr, 10), argv[3], argc - 4, argv + 4);
}
