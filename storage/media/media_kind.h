#pragma once

#include <filesystem>
#include <string>

namespace longtake {

/// Throws Error{InvalidInput} unless `path` is a regular, readable file with at least one byte.
/// `what` says what was wanted: "audio", "image".
void require_input_file(const std::filesystem::path& path, const std::string& what);

/// "an image", "a sound file", "a video without sound", "a video", or "" for what FFmpeg cannot read:
/// for telling a person what the wrong file is. Never throws.
std::string kind_of_media(const std::filesystem::path& path);

}  // namespace longtake
