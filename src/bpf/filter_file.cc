#include "bpf/filter_file.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/diagnostic.h"

namespace sandbox::bpf {
namespace {

// As an instruction the file's first and last eight bytes have a code over 255, in either byte order, which no program
// can have: neither is taken for the other. The rest of the magic shows a transfer that changed line ends.
constexpr std::string_view kMagic("\x89SBF\r\n\x1a\n", 8);
constexpr std::string_view kEndMark("\xffSBF", 4);

constexpr size_t kHeaderBytes = 48;
constexpr size_t kAbiBytes = 8;
constexpr size_t kSiteBytes = 4;
constexpr size_t kInstructionBytes = sizeof(Instruction);
constexpr size_t kTrailerBytes = 8;
constexpr size_t kMaxAbis = 64;  // More than there are; a bound for the size.

constexpr std::pair<uint32_t, uint32_t> kFlags[] = {
    {1U, SECCOMP_FILTER_FLAG_LOG},
    {2U, SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {4U, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH},
};

constexpr std::array<uint32_t, 256> kCrcTable = [] {
  std::array<uint32_t, 256> table = {};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t remainder = i;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1U) ^ ((remainder & 1U) != 0 ? 0xEDB88320U : 0U);
    table[i] = remainder;
  }
  return table;
}();

/// The bytes that the counts of a header make up.
struct Counts {
  size_t abis = 0;
  size_t sites = 0;
  size_t instructions = 0;
  size_t name = 0;

  [[nodiscard]] constexpr size_t total() const {
    return kHeaderBytes + abis * kAbiBytes + sites * kSiteBytes + instructions * kInstructionBytes + name +
           kTrailerBytes;
  }
};

class Writer {
 public:
  explicit Writer(size_t size) { bytes_.reserve(size); }

  void u8(uint32_t value) { bytes_.push_back(static_cast<char>(value)); }
  void u16(uint32_t value) {
    u8(value & 0xFFU);
    u8(value >> 8U & 0xFFU);
  }
  void u32(uint32_t value) {
    u16(value & 0xFFFFU);
    u16(value >> 16U);
  }
  void text(std::string_view text) { bytes_.append(text); }
  void abi(const FileAbi& abi) {
    u32(abi.audit_arch);
    u32(abi.first_number);
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Reads in order. Precondition of each: that many bytes are left.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  uint32_t u8() { return static_cast<unsigned char>(bytes_[at_++]); }
  uint16_t u16() {
    const uint32_t low = u8();
    return static_cast<uint16_t>(low | u8() << 8U);
  }
  uint32_t u32() {
    const uint32_t low = u16();
    return low | static_cast<uint32_t>(u16()) << 16U;
  }
  std::string_view text(size_t length) { return bytes_.substr(std::exchange(at_, at_ + length), length); }
  FileAbi abi() {
    const uint32_t audit_arch = u32();
    return {audit_arch, u32()};
  }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
};

FilterFileError damaged(const std::string& how) {
  return {"is a damaged filter file: " + how};
}

std::string count_of(size_t count, const char* what) {
  return std::to_string(count) + " " + what;
}

/// What can be told before the checksum is looked at, so that the message says what happened to the file.
Result<std::string_view, FilterFileError> check_frame(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes + kTrailerBytes) {
    return damaged("it has " + count_of(bytes.size(), "bytes") + ", and the header alone takes more");
  }
  if (!bytes.starts_with(kMagic)) return damaged("its first eight bytes are others");
  Reader reader(bytes.substr(kMagic.size()));
  const uint16_t version = reader.u16();
  if (version != kFilterFileVersion) {
    return FilterFileError{"has version " + std::to_string(version) + " of the filter format, expected " +
                           std::to_string(kFilterFileVersion) + ": compile the policy again"};
  }
  reader.u16();
  const uint32_t size = reader.u32();
  if (size > bytes.size()) {
    return damaged("it is cut short, to " + count_of(bytes.size(), "bytes") + " of " + std::to_string(size));
  }
  if (size < bytes.size()) {
    return damaged("its header says " + count_of(size, "bytes") + ", found " + std::to_string(bytes.size()));
  }
  const std::string_view trailer = bytes.substr(bytes.size() - kTrailerBytes);
  if (!trailer.starts_with(kEndMark)) return damaged("its end mark is missing");
  const std::string_view content = bytes.substr(0, bytes.size() - 4);
  if (Reader(trailer.substr(kEndMark.size())).u32() != checksum(content)) return damaged("its checksum does not match");
  return content;
}

Result<uint32_t, FilterFileError> read_flags(uint32_t stored) {
  uint32_t flags = 0;
  for (const auto& [bit, flag] : kFlags) {
    if ((stored & bit) != 0) flags |= flag;
    stored &= ~bit;
  }
  if (stored != 0) return FilterFileError{"asks for flags that are not known (" + std::to_string(stored) + ")"};
  return flags;
}

Result<std::string, FilterFileError> read_name(std::string_view name) {
  if (printable(name, kMaxSourceName) != name) return damaged("the name of its source is not printable");
  return std::string(name);
}

}  // namespace

constexpr size_t kLargest = Counts{kMaxAbis, kMaxInstructions, kMaxInstructions, kMaxSourceName}.total();
const size_t kMaxFilterFileBytes = kLargest;

uint32_t checksum(std::string_view bytes) {
  uint32_t remainder = UINT32_MAX;
  for (const char c : bytes) {
    remainder = remainder >> 8U ^ kCrcTable[(remainder ^ static_cast<unsigned char>(c)) & 0xFFU];
  }
  return ~remainder;
}

bool claims_to_be_filter_file(std::string_view bytes) {
  if (bytes.starts_with(kMagic.substr(0, 4))) return true;
  return bytes.size() >= kTrailerBytes && bytes.substr(bytes.size() - kTrailerBytes).starts_with(kEndMark);
}

std::string write_filter_file(const FilterFile& file) {
  const Counts counts = {file.covered.size(), file.token_sites.size(), file.program.size(), file.source.size()};
  uint32_t flags = 0;
  for (const auto& [bit, flag] : kFlags) {
    if ((file.flags & flag) != 0) flags |= bit;
  }
  Writer writer(counts.total());
  writer.text(kMagic);
  writer.u16(kFilterFileVersion);
  writer.u16(0);
  writer.u32(static_cast<uint32_t>(counts.total()));
  writer.abi(file.launcher);
  writer.u32(flags);
  writer.u32(file.ranges);
  writer.u16(static_cast<uint32_t>(counts.abis));
  writer.u16(static_cast<uint32_t>(counts.sites));
  writer.u16(static_cast<uint32_t>(counts.instructions));
  writer.u16(static_cast<uint32_t>(counts.name));
  writer.u32(0);
  writer.u32(0);
  for (const FileAbi& abi : file.covered) writer.abi(abi);
  for (const FileTokenSite& site : file.token_sites) {
    writer.u16(site.index);
    writer.u16(site.word);
  }
  for (const Instruction& instruction : file.program.instructions()) {
    writer.u16(instruction.code);
    writer.u8(instruction.jt);
    writer.u8(instruction.jf);
    writer.u32(instruction.k);
  }
  writer.text(file.source);
  writer.text(kEndMark);
  writer.u32(checksum(writer.bytes()));
  return writer.bytes();
}

Result<FilterFile, FilterFileError> read_filter_file(std::string_view bytes) {
  const auto content = check_frame(bytes);
  if (!content) return content.error();

  // The checksum says that these are the bytes that were written. The program that wrote them may still have erred, or
  // lied.
  Reader reader(*content);
  reader.text(kMagic.size());
  reader.u16();
  const uint32_t reserved = reader.u16();
  reader.u32();
  const FileAbi launcher = reader.abi();
  const auto flags = read_flags(reader.u32());
  if (!flags) return flags.error();
  const uint32_t ranges = reader.u32();
  Counts counts;
  counts.abis = reader.u16();
  counts.sites = reader.u16();
  counts.instructions = reader.u16();
  counts.name = reader.u16();
  if ((reserved | reader.u32() | reader.u32()) != 0) return damaged("reserved fields of its header are in use");
  if (counts.abis > kMaxAbis || counts.sites > kMaxInstructions || counts.instructions > kMaxInstructions ||
      counts.name > kMaxSourceName || counts.total() != bytes.size()) {
    return damaged("its size is not that which its header comes to");
  }

  std::vector<FileAbi> covered(counts.abis);
  for (FileAbi& abi : covered) abi = reader.abi();
  std::vector<FileTokenSite> sites(counts.sites);
  for (FileTokenSite& site : sites) {
    site.index = reader.u16();
    site.word = reader.u16();
  }
  Program program(counts.instructions);
  for (Instruction& instruction : program) {
    instruction.code = reader.u16();
    instruction.jt = static_cast<uint8_t>(reader.u8());
    instruction.jf = static_cast<uint8_t>(reader.u8());
    instruction.k = reader.u32();
  }
  auto name = read_name(reader.text(counts.name));
  if (!name) return name.error();
  auto validated = validate(std::move(program));
  if (!validated) {
    const InvalidProgram& invalid = validated.error();
    return FilterFileError{"instruction " + std::to_string(invalid.index) + ": " + invalid.message};
  }
  return FilterFile{std::move(*name), launcher,         std::move(covered),   *flags,
                    ranges,           std::move(sites), std::move(*validated)};
}

}  // namespace sandbox::bpf
