#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace longtake {

/// A new folder below the system's temporary one.
std::filesystem::path make_temporary_folder();

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& bytes);

/// Cuts the file to `bytes`.
void truncate_file(const std::filesystem::path& path, std::uintmax_t bytes);

/// Inverts `count` bytes in the middle of the file; its size stays.
void flip_middle(const std::filesystem::path& path, std::size_t count);

/// Names of the files in `folder` that end in `ending`, sorted.
std::vector<std::string> names_in(const std::filesystem::path& folder, const std::string& ending);

/// Every path below `folder`, relative to it, sorted; nothing when it is not there.
std::vector<std::string> tree_of(const std::filesystem::path& folder);

}  // namespace longtake
