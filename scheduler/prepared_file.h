#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "scheduler/prepare.h"

namespace longtake {

/// Tells an unchanged file by its size and time, so that ten hours of sound are not hashed at every start.
struct FileStamp {
  std::string path;
  std::int64_t bytes = 0;
  std::int64_t modified_ns = 0;
  std::string hash;  ///< SHA-256 of the content
};

/// The stamp of `path` as it is now; takes the hash over from `known` when that still fits.
FileStamp stamp_of(const std::filesystem::path& path, const std::optional<FileStamp>& known);

/// jobs/<name>/prepared.json (docs/formats.md).
struct PreparedFile {
  FileStamp image;
  FileStamp audio;
  FrameSize image_size;
  Interval speech_samples;
  std::string identity;
  nlohmann::json identity_of;
  std::vector<std::string> warnings;
  std::string sound_facts;
};

/// nullopt when it is not there or not readable as such: the job is then prepared anew.
std::optional<PreparedFile> read_prepared_file(const std::filesystem::path& path);
void write_prepared_file(const std::filesystem::path& path, const PreparedFile& prepared);

}  // namespace longtake
