#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace longtake {

/// SHA-256 of a file's content, 64 lower-case hex digits, read in a stream.
/// Throws Error{Io} naming the file when it cannot be read.
std::string sha256_of_file(const std::filesystem::path& path);

/// The same for files of up to 32 MiB. Of a larger one, its length, its ends (where formats keep their
/// tables of contents) and 256 pieces at even distances are hashed: a checkpoint of 40 GB takes a second,
/// and other weights show, but not one changed byte between the pieces.
std::string sampled_sha256_of_file(const std::filesystem::path& path);

std::string sha256_of_text(std::string_view text);

}  // namespace longtake
