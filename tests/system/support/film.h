#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// Films as somebody else's tools see them: everything is read with ffmpeg and ffprobe.
/// Every function throws std::runtime_error when they refuse the file.
namespace longtake {

/// The frame index that the strip of every decoded frame shows, in the order of the film.
std::vector<std::int64_t> strip_numbers(const std::filesystem::path& film);

/// 0, 1, ... frames-1.
std::vector<std::int64_t> whole_film(std::int64_t frames);

/// MD5 over all video packets, in order: equal for films whose pictures are equal byte by byte.
std::string picture_md5(const std::filesystem::path& film);

struct Track {
  std::string codec;
  double start_s = 0;
  double duration_s = 0;
  std::int64_t frames = 0;  ///< counted packets
};
struct Tracks {
  Track picture;
  Track sound;
};
Tracks tracks_of(const std::filesystem::path& film);

/// When the sound is suddenly loud: seconds from the start of the film.
std::vector<double> click_times(const std::filesystem::path& film);

/// How much of the level meter's width is lit in each frame, 0 to 1. For films of 128x128.
std::vector<double> meter_levels(const std::filesystem::path& film);

}  // namespace longtake
