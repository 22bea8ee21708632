#include "storage/safetensors.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "jobs/error.h"
#include "storage/durable_file.h"

namespace longtake {
namespace {

using nlohmann::json;

constexpr std::int64_t kLengthField_bytes = 8;
constexpr std::int64_t kLargestHeader_bytes = 100'000'000;  // the format's own limit
constexpr const char* kMetadataKey = "__metadata__";

struct TypeFacts {
  TensorType type;
  std::string_view name;
  std::int64_t element_bytes;
};

constexpr std::array<TypeFacts, 12> kTypes = {{
    {TensorType::Bool, "BOOL", 1},
    {TensorType::U8, "U8", 1},
    {TensorType::I8, "I8", 1},
    {TensorType::F8_E4M3, "F8_E4M3", 1},
    {TensorType::F8_E5M2, "F8_E5M2", 1},
    {TensorType::I16, "I16", 2},
    {TensorType::F16, "F16", 2},
    {TensorType::BF16, "BF16", 2},
    {TensorType::I32, "I32", 4},
    {TensorType::F32, "F32", 4},
    {TensorType::I64, "I64", 8},
    {TensorType::F64, "F64", 8},
}};

const TypeFacts& facts_of(TensorType type) {
  return *std::find_if(kTypes.begin(), kTypes.end(),
                       [&](const TypeFacts& facts) { return facts.type == type; });
}

/// nullopt for a negative length or a size beyond 63 bits: a damaged header must not become a small number.
std::optional<std::int64_t> bytes_of_shape(TensorType type, const std::vector<std::int64_t>& shape) {
  std::int64_t bytes = bytes_of_element(type);
  for (const std::int64_t length : shape) {
    if (length < 0 || __builtin_mul_overflow(bytes, length, &bytes)) return std::nullopt;
  }
  return bytes;
}

std::string little_endian(std::uint64_t value) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<char>((value >> shift) & 0xff));
  return bytes;
}

std::uint64_t from_little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

/// The header's text for one file; refuses content that cannot be what it says it is.
class HeaderReader {
 public:
  HeaderReader(const std::filesystem::path& path, std::int64_t data_begin, std::int64_t file_bytes)
      : path_(path), data_begin_(data_begin), file_bytes_(file_bytes) {}

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(ErrorKind::InvalidInput, path_.string() + " is not a complete safetensors file: " + why);
  }

  json parse(const std::string& text) const {
    const json header = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!header.is_object()) refuse("its header is not a JSON object");
    return header;
  }

  SafetensorsFile::Entry entry(const std::string& name, const json& fields) const {
    try {
      return checked_entry(name, fields);
    } catch (const json::exception& e) {
      refuse("tensor '" + name + "': " + e.what());
    }
  }

  /// The tensors must lie one after the other and end where the file ends.
  void check_coverage(const std::map<std::string, SafetensorsFile::Entry>& entries) const {
    std::vector<std::pair<std::int64_t, const std::string*>> places;
    for (const auto& [name, entry] : entries) places.emplace_back(entry.offset, &name);
    std::sort(places.begin(), places.end(), [&](const auto& a, const auto& b) {
      return std::pair(a.first, entries.at(*a.second).length_bytes) <
             std::pair(b.first, entries.at(*b.second).length_bytes);
    });
    std::int64_t expected = data_begin_;
    for (const auto& [offset, name] : places) {
      if (offset != expected) {
        refuse("tensor '" + *name + "' begins at byte " + std::to_string(offset) + ", expected " +
               std::to_string(expected));
      }
      expected += entries.at(*name).length_bytes;
    }
    if (expected != file_bytes_) {
      refuse("its tensors end at byte " + std::to_string(expected) + ", the file at " +
             std::to_string(file_bytes_));
    }
  }

 private:
  SafetensorsFile::Entry checked_entry(const std::string& name, const json& fields) const {
    SafetensorsFile::Entry entry;
    entry.type = type_of(name, fields.at("dtype").get<std::string>());
    fields.at("shape").get_to(entry.shape);
    const auto begin = fields.at("data_offsets").at(0).get<std::int64_t>();
    const auto end = fields.at("data_offsets").at(1).get<std::int64_t>();
    if (begin < 0 || end < begin || end > file_bytes_ - data_begin_) {
      refuse("tensor '" + name + "' lies at [" + std::to_string(begin) + ", " + std::to_string(end) +
             ") of " + std::to_string(file_bytes_ - data_begin_) + " bytes of data");
    }
    entry.offset = data_begin_ + begin;
    entry.length_bytes = end - begin;
    if (bytes_of_shape(entry.type, entry.shape) != entry.length_bytes) {
      refuse("tensor '" + name + "' has " + std::to_string(entry.length_bytes) +
             " bytes, not those of shape " + fields.at("shape").dump() + " and type " +
             std::string(name_of(entry.type)));
    }
    return entry;
  }

  TensorType type_of(const std::string& tensor, const std::string& type_name) const {
    for (const TypeFacts& facts : kTypes) {
      if (facts.name == type_name) return facts.type;
    }
    refuse("tensor '" + tensor + "' has the unknown type '" + type_name + "'");
  }

  const std::filesystem::path& path_;
  std::int64_t data_begin_;
  std::int64_t file_bytes_;
};

std::string read_at(const FileDescriptor& file, std::int64_t offset, std::int64_t length,
                    const std::filesystem::path& path) {
  std::string bytes(static_cast<std::size_t>(length), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(file.get(), bytes.data() + done, bytes.size() - done,
                                offset + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("cannot read " + path.string());
    if (got == 0)
      throw Error(ErrorKind::Io, "cannot read " + path.string() + ": it became shorter meanwhile");
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::int64_t size_of(const FileDescriptor& file, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_errno("cannot read " + path.string());
  return status.st_size;
}

}  // namespace

std::string_view name_of(TensorType type) { return facts_of(type).name; }

std::int64_t bytes_of_element(TensorType type) { return facts_of(type).element_bytes; }

void write_safetensors(const std::filesystem::path& path, const std::map<std::string, TensorView>& tensors,
                       const TensorMetadata& metadata) {
  json header = json::object();
  if (!metadata.empty()) header[kMetadataKey] = metadata;
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    if (bytes_of_shape(tensor.type, tensor.shape) != static_cast<std::int64_t>(tensor.bytes.size())) {
      throw Error(ErrorKind::Bug, "cannot write " + path.string() + ": tensor '" + name + "' of shape " +
                                      json(tensor.shape).dump() + " has " +
                                      std::to_string(tensor.bytes.size()) + " bytes");
    }
    header[name] = {{"dtype", std::string(name_of(tensor.type))},
                    {"shape", tensor.shape},
                    {"data_offsets", {data.size(), data.size() + tensor.bytes.size()}}};
    data.append(tensor.bytes);
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the data then begins aligned, for readers that map it
  write_durably(path, little_endian(text.size()) + text + data);
}

SafetensorsFile::SafetensorsFile(std::filesystem::path path)
    : path_(std::move(path)), file_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (!file_.is_open()) throw_errno("cannot open " + path_.string());
  const std::int64_t file_bytes = size_of(file_, path_);
  HeaderReader short_file(path_, kLengthField_bytes, file_bytes);
  if (file_bytes < kLengthField_bytes)
    short_file.refuse("it has only " + std::to_string(file_bytes) + " bytes");

  const std::uint64_t announced = from_little_endian(read_at(file_, 0, kLengthField_bytes, path_));
  const std::int64_t room = std::min(kLargestHeader_bytes, file_bytes - kLengthField_bytes);
  if (announced > static_cast<std::uint64_t>(room)) {
    short_file.refuse("its header should have " + std::to_string(announced) + " bytes, the file has " +
                      std::to_string(file_bytes));
  }
  const auto header_bytes = static_cast<std::int64_t>(announced);
  const HeaderReader reader(path_, kLengthField_bytes + header_bytes, file_bytes);
  const json header = reader.parse(read_at(file_, kLengthField_bytes, header_bytes, path_));
  for (const auto& [name, fields] : header.items()) {
    if (name != kMetadataKey) entries_.emplace(name, reader.entry(name, fields));
  }
  reader.check_coverage(entries_);
  if (!header.contains(kMetadataKey)) return;
  try {
    header.at(kMetadataKey).get_to(metadata_);
  } catch (const json::exception& e) {
    reader.refuse(std::string("its metadata is not text: ") + e.what());
  }
}

const SafetensorsFile::Entry& SafetensorsFile::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    throw Error(ErrorKind::InvalidInput, path_.string() + " has no tensor '" + name + "'");
  }
  return found->second;
}

std::string SafetensorsFile::read(const std::string& name) const {
  const Entry& place = entry(name);
  return read_at(file_, place.offset, place.length_bytes, path_);
}

}  // namespace longtake
