#pragma once

#include <filesystem>

namespace longtake {

/// A folder of its own for one test, removed at the end.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// What ends the room: the disk itself (ENOSPC), or a limit on what one may write (EFBIG, as with quotas).
enum class Full { Disk, Limit };

/// A folder in which at most about `bytes` can be written. A small disk is a tmpfs, which only root can
/// mount; for others it is a limit too: no file of this process grows beyond `bytes` while this lives.
class SmallDisk {
 public:
  explicit SmallDisk(std::size_t bytes, Full full = Full::Disk);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  const std::filesystem::path& path() const { return folder_.path(); }

  void make_room(std::size_t bytes);

 private:
  void limit_files(std::size_t bytes);

  TestFolder folder_;
  bool is_mounted_ = false;
};

/// Gives up root's right to write everywhere while it lives.
class WithoutRoot {
 public:
  WithoutRoot();
  ~WithoutRoot();
  WithoutRoot(const WithoutRoot&) = delete;
  WithoutRoot& operator=(const WithoutRoot&) = delete;

 private:
  bool was_root_;
};

}  // namespace longtake
