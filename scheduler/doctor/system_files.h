#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// Small files of /proc and /sys, which may be absent, or go while they are read.
namespace longtake {

/// The whole content; empty when there is none to be had.
std::string content_of(const std::filesystem::path& path);

/// As above, without the line's end.
std::string line_of(const std::filesystem::path& path);

/// Names of what is in `folder`, sorted; none when it cannot be read.
std::vector<std::string> names_in(const std::filesystem::path& folder);

}  // namespace longtake
