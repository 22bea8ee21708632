#pragma once

#include <filesystem>
#include <string>

namespace longtake {

/// Owns part_path(`path`, `writer`) while it is written by other means: a file left behind by a killed
/// process is removed at the start, ours when this goes out of scope before commit().
class PartFile {
 public:
  /// Throws Error{Io} when the folder of `path` does not exist.
  explicit PartFile(std::filesystem::path path, const std::string& writer = "");
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  /// Where to write: the .part name.
  const std::filesystem::path& part() const { return part_; }
  const std::filesystem::path& final_path() const { return path_; }

  /// What commit() will call it. In the same folder.
  void rename(std::filesystem::path path) { path_ = std::move(path); }

  /// Complete and durable under the final name when this returns. Close the file before.
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path part_;
  bool is_committed_ = false;
};

}  // namespace longtake
