#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace longtake {

/// A file open for reading at any offset. Reading is safe from several threads.
/// Everything throws Error{Io} naming the path.
class OpenFile {
 public:
  explicit OpenFile(std::filesystem::path path);
  ~OpenFile();
  OpenFile(OpenFile&& other) noexcept;
  OpenFile& operator=(OpenFile&& other) noexcept;

  std::int64_t size() const;

  /// Reads at most `size` bytes from `offset` on and returns how many: fewer only at the end of the file.
  std::size_t read_at(std::int64_t offset, void* bytes, std::size_t size) const;

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace longtake
