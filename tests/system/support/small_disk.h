#pragma once

#include <cstddef>
#include <filesystem>

namespace longtake {

/// A disk of its own at a folder: a tmpfs of `bytes`, made and taken away with this. Only root can have one.
class SmallDisk {
 public:
  /// Creates the folder. Throws std::runtime_error when it cannot be mounted; see can_mount().
  SmallDisk(std::filesystem::path folder, std::size_t bytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  /// Writes a file into it until there is no room.
  void fill();
  /// Takes that file away.
  void make_room();
  void make_read_only();

  static bool can_mount();

 private:
  std::filesystem::path folder_;
};

}  // namespace longtake
