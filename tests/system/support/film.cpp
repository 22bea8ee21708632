#include "tests/system/support/film.h"

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>

#include "tests/system/support/process.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

constexpr int kCells = 32;
constexpr unsigned char kGrey = 128;

/// Decoded frames through `filter`, grey, `bytes_per_frame` each.
std::string grey_frames(const fs::path& film, const std::string& filter) {
  return output_of({"ffmpeg", "-v", "error", "-i", film.string(), "-map", "0:v", "-vf", filter, "-fps_mode",
                    "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-"});
}

double number_of(const nlohmann::json& stream, const char* key) {
  return std::stod(stream.at(key).get<std::string>());
}

Track track_from(const nlohmann::json& stream) {
  Track track;
  track.codec = stream.at("codec_name");
  track.start_s = number_of(stream, "start_time");
  track.duration_s = number_of(stream, "duration");
  track.frames = static_cast<std::int64_t>(number_of(stream, "nb_read_packets"));
  return track;
}

}  // namespace

std::vector<std::int64_t> strip_numbers(const fs::path& film) {
  // One byte per cell: the mean of its pixels.
  const std::string frames = grey_frames(film, "crop=iw:16:0:ih-16,scale=32:1:flags=area");
  if (frames.size() % kCells != 0) throw std::runtime_error(film.string() + " has strips that are cut off");
  std::vector<std::int64_t> numbers;
  for (std::size_t frame = 0; frame < frames.size(); frame += kCells) {
    std::int64_t number = 0;
    for (std::size_t cell = 0; cell < kCells; ++cell) {
      number = number * 2 + (static_cast<unsigned char>(frames[frame + cell]) > kGrey ? 1 : 0);
    }
    numbers.push_back(number);
  }
  return numbers;
}

std::vector<std::int64_t> whole_film(std::int64_t frames) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(frames));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

std::string picture_md5(const fs::path& film) {
  return output_of(
      {"ffmpeg", "-v", "error", "-i", film.string(), "-map", "0:v", "-c", "copy", "-f", "md5", "-"});
}

Tracks tracks_of(const fs::path& film) {
  const std::string text = output_of({"ffprobe", "-v", "error", "-count_packets", "-show_entries",
                                      "stream=codec_type,codec_name,start_time,duration,nb_read_packets",
                                      "-of", "json", film.string()});
  const nlohmann::json streams = nlohmann::json::parse(text).at("streams");
  if (streams.size() != 2 || streams[0].at("codec_type") != "video" ||
      streams[1].at("codec_type") != "audio") {
    throw std::runtime_error(film.string() + " is not one picture and one sound track: " + text);
  }
  return {track_from(streams[0]), track_from(streams[1])};
}

std::vector<double> click_times(const fs::path& film) {
  constexpr double kRate = 16000;
  constexpr float kLoud = 0.5F;
  constexpr double kQuietBefore_s = 0.2;
  const std::string bytes = output_of({"ffmpeg", "-v", "error", "-i", film.string(), "-map", "0:a", "-ac",
                                       "1", "-ar", "16000", "-f", "f32le", "-"});
  std::vector<double> times;
  for (std::size_t i = 0; i + sizeof(float) <= bytes.size(); i += sizeof(float)) {
    float sample = 0;
    std::memcpy(&sample, bytes.data() + i, sizeof sample);
    const double at_s = static_cast<double>(i / sizeof(float)) / kRate;
    const bool is_new = times.empty() || at_s - times.back() > kQuietBefore_s;
    if (std::abs(sample) > kLoud && is_new) times.push_back(at_s);
  }
  return times;
}

std::vector<double> meter_levels(const fs::path& film) {
  constexpr std::size_t kWidth = 128;
  const std::string rows = grey_frames(film, "format=gray,crop=128:1:0:106");
  std::vector<double> levels;
  for (std::size_t frame = 0; frame + kWidth <= rows.size(); frame += kWidth) {
    std::size_t lit = 0;
    for (std::size_t x = 0; x < kWidth; ++x)
      lit += static_cast<unsigned char>(rows[frame + x]) > kGrey ? 1 : 0;
    levels.push_back(static_cast<double>(lit) / kWidth);
  }
  return levels;
}

}  // namespace longtake
