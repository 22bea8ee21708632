#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace longtake {

/// A whole file in the address space: a page is read from disk when it is touched. The mapping is
/// copy-on-write, so that a tensor that looks into it cannot change the file. Throws Error{Io} naming the
/// path.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  char* data() const { return data_; }
  std::int64_t size_bytes() const { return size_bytes_; }

 private:
  char* data_ = nullptr;
  std::int64_t size_bytes_ = 0;
};

}  // namespace longtake
