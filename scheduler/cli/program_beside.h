#pragma once

#include <filesystem>
#include <string>

namespace longtake {

/// A program that is installed beside this one.
inline std::filesystem::path program_beside(const std::string& name) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

}  // namespace longtake
