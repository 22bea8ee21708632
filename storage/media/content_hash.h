#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace longtake {

/// SHA-256 of a file's content, 64 lower-case hex digits, read in a stream.
/// Throws Error{Io} naming the file when it cannot be read.
std::string sha256_of_file(const std::filesystem::path& path);

std::string sha256_of_text(std::string_view text);

}  // namespace longtake
