#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/file_descriptor.h"

/// Files of named tensors in the safetensors format (huggingface/safetensors, README "Format"): eight
/// bytes of header length, a JSON header, then the tensors' bytes, little-endian and row-major.
namespace longtake {

enum class TensorType { Bool, U8, I8, F8_E4M3, F8_E5M2, I16, F16, BF16, I32, F32, I64, F64 };

/// The spelling in the header: "BF16".
std::string_view name_of(TensorType type);
std::int64_t bytes_of_element(TensorType type);

/// A tensor in somebody else's memory.
struct TensorView {
  TensorType type = TensorType::F32;
  std::vector<std::int64_t> shape;
  std::string_view bytes;
};

using TensorMetadata = std::map<std::string, std::string>;

/// All of it becomes the durable content of `path`; the same input gives the same bytes. Throws
/// Error{Bug} when a tensor's bytes do not match its shape, Error{Io} or Error{DiskFull} naming the path.
void write_safetensors(const std::filesystem::path& path, const std::map<std::string, TensorView>& tensors,
                       const TensorMetadata& metadata);

/// A safetensors file open for reading. Opening reads and checks the header only; a tensor's bytes are
/// read when asked for, so that a checkpoint larger than memory can be walked through.
/// Throws Error{InvalidInput} naming file and tensor for content that is wrong, Error{Io} for the disk.
class SafetensorsFile {
 public:
  struct Entry {
    TensorType type = TensorType::F32;
    std::vector<std::int64_t> shape;
    std::int64_t offset = 0;  ///< of the first byte, from the beginning of the file
    std::int64_t length_bytes = 0;
  };

  explicit SafetensorsFile(std::filesystem::path path);

  const std::map<std::string, Entry>& entries() const { return entries_; }
  const TensorMetadata& metadata() const { return metadata_; }

  /// Throws when there is no tensor of that name.
  const Entry& entry(const std::string& name) const;
  std::string read(const std::string& name) const;

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
  std::map<std::string, Entry> entries_;
  TensorMetadata metadata_;
};

}  // namespace longtake
