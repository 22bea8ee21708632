#pragma once

#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace longtake {

/// A path for `name` in a folder that belongs to this test process, so that tests may run side by side.
/// The folder goes when the process ends.
inline std::string temp_path(const std::string& name) {
  struct Folder {
    Folder() {
      std::string pattern = (std::filesystem::temp_directory_path() / "longtake-XXXXXX").string();
      if (::mkdtemp(pattern.data()) == nullptr)
        throw std::runtime_error("cannot make a folder for the tests");
      path = pattern;
    }
    ~Folder() {
      std::error_code none;
      std::filesystem::remove_all(path, none);
    }
    std::filesystem::path path;
  };
  static const Folder folder;
  return (folder.path / name).string();
}

}  // namespace longtake
