#include "scan/exits.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <sstream>

#include "base/file.h"
#include "base/text.h"
#include "scan/library_search.h"
#include "scan/values.h"

namespace sandbox::scan {
namespace {

constexpr size_t kMaxConfigurationBytes = 1 << 20;
constexpr std::string_view kUnwinder = "libgcc_s.so.1";

/// glibc's functions that look up users, hosts and the like through the libraries of nsswitch.conf(5).
constexpr std::string_view kNssFunctions[] = {
    "getaddrinfo",     "getaliasbyname_r", "getaliasent_r",      "gethostbyaddr_r",  "gethostbyname2_r",
    "gethostbyname_r", "gethostent_r",     "getgrent_r",         "getgrgid_r",       "getgrnam_r",
    "getgrouplist",    "getnameinfo",      "getnetbyaddr_r",     "getnetbyname_r",   "getnetent_r",
    "getnetgrent_r",   "getprotobyname_r", "getprotobynumber_r", "getprotoent_r",    "getpwent_r",
    "getpwnam_r",      "getpwuid_r",       "getrpcbyname_r",     "getrpcbynumber_r", "getrpcent_r",
    "getservbyname_r", "getservbyport_r",  "getservent_r",       "getspent_r",       "getspnam_r",
    "innetgr",         "initgroups"};

constexpr std::string_view kExecFunctions[] = {"execve",       "execv",  "execvp",  "execvpe",  "execl",
                                               "execlp",       "execle", "fexecve", "execveat", "posix_spawn",
                                               "posix_spawnp", "system", "popen"};

bool is_reached(const Reachability& reach, uint64_t function) {
  return reach.functions().contains(function);
}

std::string text_at(const Image& image, uint64_t address) {
  if (!image.is_data(address)) return {};
  const size_t file = image.file_of(address);
  return std::string(image.file(file).text(address - Image::base(file), 4096));
}

/// The texts that an argument can be; none if it can be anything.
std::optional<std::vector<std::string>> text_argument(const Reachability& reach, ValueSearch& search, uint64_t site,
                                                      uint8_t reg) {
  const Values values = search.before(site, reg, 8);
  if (!values.complete) return std::nullopt;
  std::vector<std::string> texts;
  for (const uint64_t value : values.known) texts.push_back(text_at(reach.image(), value));
  return texts;
}

/// Where a file has a text as a constant.
std::vector<uint64_t> find_text(const Image& image, size_t file, std::string_view text) {
  std::vector<uint64_t> found;
  const std::string wanted = std::string(1, '\0') + std::string(text) + std::string(1, '\0');
  for (const Segment& segment : image.file(file).segments) {
    const auto bytes = image.file(file).at(segment.address);
    const std::string_view view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (size_t at = view.find(wanted); at != std::string_view::npos; at = view.find(wanted, at + 1)) {
      found.push_back(Image::base(file) + segment.address + at + 1);
    }
  }
  return found;
}

bool reach_definitions(const Image& image, Reachability& reach, const std::string& name) {
  bool more = false;
  for (size_t i = 0; i < image.file_count(); ++i) {
    for (const uint64_t address : image.find_in(i, name)) {
      if (!is_reached(reach, address)) more = true;
      if (image.is_code(address))
        reach.add_entry(address, Reason::kLibrary, "dlsym");
      else
        reach.add_object(address);
    }
  }
  return more;
}

std::vector<uint64_t> definitions(const Image& image, std::string_view name) {
  std::vector<uint64_t> found;
  for (size_t i = 0; i < image.file_count(); ++i) {
    const auto own = image.find_in(i, name);
    found.insert(found.end(), own.begin(), own.end());
  }
  return found;
}

/// The unwinder that libc loads when a thread is cancelled, or by backtrace(3).
bool load_unwinder(Image& image, Reachability& reach) {
  const auto libc = image.find_file("libc.so.6");
  if (!libc || image.find_file(kUnwinder)) return false;
  const auto texts = find_text(image, *libc, kUnwinder);
  if (std::ranges::none_of(texts, [&](uint64_t text) { return reach.holds_address(text); })) return false;
  const size_t before = image.file_count();
  if (!image.add_library(std::string(kUnwinder), *libc)) return false;
  for (size_t i = before; i < image.file_count(); ++i) {
    for (const Symbol& symbol : image.file(i).symbols) {
      const uint64_t address = Image::base(i) + symbol.value;
      if (symbol.defined && image.is_code(address)) reach.add_entry(address, Reason::kLibrary, "libc's unwinder");
    }
  }
  return true;
}

}  // namespace

std::vector<uint64_t> call_sites(const Reachability& reach, uint64_t function) {
  std::vector<uint64_t> sites;
  for (const Edge& edge : reach.edges_to(function)) {
    const bool other_file = reach.image().file_of(edge.from) != reach.image().file_of(function);
    const auto instruction = reach.instruction_at(edge.from);
    const bool stub = !edge.call && instruction && instruction->flow == Flow::kIndirectJump;
    if (!stub) {
      sites.push_back(edge.from);
      continue;
    }
    const std::vector<uint64_t> starts = reach.stretches_into(edge.from);
    std::vector<uint64_t> heads = starts;
    heads.push_back(edge.from);
    bool any = false;
    for (const uint64_t head : heads) {
      for (const Edge& to_stub : reach.edges_to(head)) {
        sites.push_back(to_stub.from);
        any = true;
      }
    }
    if (!any && other_file) sites.push_back(edge.from);
  }
  std::ranges::sort(sites);
  sites.erase(std::unique(sites.begin(), sites.end()), sites.end());
  return sites;
}

bool Exits::follow_names(Image& image, Reachability& reach) {
  bool more = load_unwinder(image, reach);
  ValueSearch search(reach);
  std::set<std::string> names;
  for (const std::string_view function : {"dlsym", "dlvsym", "__libc_dlsym"}) {
    for (const uint64_t address : definitions(image, function)) {
      if (!is_reached(reach, address)) continue;
      for (const uint64_t site : call_sites(reach, address)) {
        const auto texts = text_argument(reach, search, site, kRsi);
        if (texts) names.insert(texts->begin(), texts->end());
      }
    }
  }
  for (const std::string& name : names) {
    if (!name.empty() && names_.insert(name).second && reach_definitions(image, reach, name)) more = true;
  }
  return more;
}

void Exits::report(const Image& image, const Reachability& reach, Places& places, ScanResult& result) const {
  ValueSearch search(reach);
  const auto for_sites = [&](std::string_view function, auto&& take) {
    for (const uint64_t address : definitions(image, function)) {
      if (!is_reached(reach, address)) continue;
      for (const uint64_t site : call_sites(reach, address)) take(site);
    }
  };
  for (const std::string_view function : {"dlopen", "dlmopen"}) {
    const uint8_t argument = function == "dlopen" ? kRdi : kRsi;
    for_sites(function, [&](uint64_t site) {
      const auto texts = text_argument(reach, search, site, argument);
      const bool itself = texts && std::ranges::all_of(*texts, [](const std::string& text) { return text.empty(); });
      if (texts && itself) return;  // dlopen(NULL): the program.
      result.exits.push_back({Exit::Kind::kLibrary, places.at(site), texts ? join(*texts) : ""});
    });
  }
  for (const std::string_view function : {"dlsym", "dlvsym"}) {
    for_sites(function, [&](uint64_t site) {
      if (!text_argument(reach, search, site, kRsi)) result.exits.push_back({Exit::Kind::kSymbol, places.at(site), ""});
    });
  }
  for (const std::string_view function : kNssFunctions) {
    for (const uint64_t address : definitions(image, function)) {
      if (is_reached(reach, address))
        result.exits.push_back({Exit::Kind::kNss, places.at(address), std::string(function)});
    }
  }
  for (const std::string_view function : kExecFunctions) {
    for_sites(function, [&](uint64_t site) {
      const auto libc = image.find_file("libc.so.6");
      if (libc && image.file_of(site) == *libc) return;
      result.exits.push_back({Exit::Kind::kProgram, places.at(site), std::string(function)});
    });
  }
  for (const auto& [function, reg] :
       {std::pair<std::string_view, uint8_t>("mmap", kRdx), {"mmap64", kRdx}, {"mprotect", kRdx}}) {
    for_sites(function, [&](uint64_t site) {
      const Values values = search.before(site, reg, 4);
      const bool executable = std::ranges::any_of(values.known, [](uint64_t prot) { return (prot & PROT_EXEC) != 0; });
      if (executable) result.exits.push_back({Exit::Kind::kCode, places.at(site), std::string(function)});
    });
  }
}

std::vector<std::string> nss_libraries() {
  std::set<std::string> names;
  const auto file = read_file("/etc/nsswitch.conf", kMaxConfigurationBytes);
  std::istringstream lines(file ? file->bytes : std::string());
  const LibrarySearch search("/lib64/ld-linux-x86-64.so.2");
  for (std::string line; std::getline(lines, line);) {
    line = line.substr(0, line.find('#'));
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::istringstream words(line.substr(colon + 1));
    for (std::string word; words >> word;) {
      if (word.starts_with('[')) continue;
      const std::string library = "libnss_" + word + ".so.2";
      if (search.find(library, {})) names.insert(library);
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace sandbox::scan
