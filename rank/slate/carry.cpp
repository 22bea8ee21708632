#include "rank/slate/carry.h"

#include <cstring>
#include <string_view>

#include "jobs/error.h"
#include "storage/safetensors.h"

namespace longtake {
namespace {

constexpr const char* kTensor = "next_frame";
constexpr const char* kFormat = "longtake-slate-carry-1";

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why) {
  throw Error(ErrorKind::InvalidInput, "the carry " + path.string() + " cannot be gone on from: " + why);
}

std::string metadata_of(const SafetensorsFile& file, const std::filesystem::path& path,
                        const std::string& key) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end()) refuse(path, "it does not say its " + key);
  return found->second;
}

}  // namespace

void write_carry(const std::filesystem::path& path, const SlateCarry& carry) {
  // Little-endian by the format; so is every machine this runs on.
  const std::string_view bytes(reinterpret_cast<const char*>(&carry.next_frame), sizeof carry.next_frame);
  write_safetensors(path, {{kTensor, {TensorType::I64, {1}, bytes}}},
                    {{"format", kFormat}, {"identity", carry.identity}});
}

SlateCarry read_carry(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  const std::string format = metadata_of(file, path, "format");
  if (format != kFormat) refuse(path, "its format is '" + format + "', expected '" + kFormat + "'");
  const SafetensorsFile::Entry& entry = file.entry(kTensor);
  if (entry.type != TensorType::I64 || entry.length_bytes != sizeof(std::int64_t)) {
    refuse(path, "its next_frame is not one 64-bit number");
  }
  SlateCarry carry;
  carry.identity = metadata_of(file, path, "identity");
  std::memcpy(&carry.next_frame, file.read(kTensor).data(), sizeof carry.next_frame);
  return carry;
}

void check_carry(const std::filesystem::path& path, const SlateCarry& found, const SlateCarry& wanted) {
  if (found.identity != wanted.identity) {
    refuse(path, "it is of the job identity " + found.identity + ", this job is " + wanted.identity);
  }
  if (found.next_frame != wanted.next_frame) {
    refuse(path, "it ends before frame " + std::to_string(found.next_frame) +
                     ", the segment begins at frame " + std::to_string(wanted.next_frame));
  }
}

}  // namespace longtake
