#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "jobs/error.h"
#include "storage/media/film_join.h"
#include "storage/media/image.h"

/// Inputs for the media tests: made with FFmpeg's command line or byte by byte.
namespace longtake::test {

/// A folder of one test, removed at its end.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }
  /// Names of all files, sorted.
  std::vector<std::string> files() const;

 private:
  std::filesystem::path path_;
};

/// Runs `ffmpeg -y <arguments>` and fails the test when it fails.
void ffmpeg(const std::string& arguments);
/// What `ffprobe <arguments>` prints.
std::string ffprobe(const std::string& arguments);

std::string bytes_of(const std::filesystem::path& path);
void write_bytes(const std::filesystem::path& path, const std::string& bytes);
/// The first `part` (0 to 1) of a file replaces it.
void truncate_to(const std::filesystem::path& path, double part);

/// 16-bit mono PCM in a WAV file; `samples` from -1 to 1.
void write_wav(const std::filesystem::path& path, const std::vector<double>& samples, int rate);
std::vector<double> sine(double seconds, int rate, double amplitude = 0.5, double frequency_hz = 220);
std::vector<double> silence(double seconds, int rate);
std::vector<double> joined(const std::vector<std::vector<double>>& parts);

/// The message of the Error that `action` throws; its kind must be `kind`.
template <class Action>
std::string error_of(ErrorKind kind, const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(name_of(error.kind()), name_of(kind)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

/// A picture whose luma moves a little from frame to frame: `shift` jumps it.
std::vector<std::uint8_t> moving_picture(FrameSize size, std::int64_t frame, int shift = 0);

/// A segment of the film's `frames` with that picture, committed.
FilmSegment write_test_segment(const std::filesystem::path& file, FrameSize size, Interval frames,
                               int shift = 0);

}  // namespace longtake::test
