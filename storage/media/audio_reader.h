#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace longtake {

struct AudioInfo {
  std::string codec;              ///< FFmpeg's name: "mp3", "pcm_s16le"
  int sample_rate = 0;            ///< of the source
  int channels = 0;               ///< of the source
  double container_seconds = -1;  ///< what the header declares; negative when it declares nothing reliable
  bool has_cover_art = false;
};

/// Any sound FFmpeg reads, decoded in a stream to interleaved float samples at one rate and channel
/// count. Memory does not grow with the recording. The best audio stream is taken, cover art ignored.
/// Gaps and offsets in the container's timestamps are ignored: time is the count of decoded samples.
class AudioReader {
 public:
  /// Throws Error{InvalidInput}, one line naming the file, when it is missing, empty, not sound, a
  /// video without sound, or when not a single sample decodes.
  AudioReader(const std::filesystem::path& path, int target_rate, int target_channels);
  ~AudioReader();
  AudioReader(AudioReader&&) noexcept;
  AudioReader& operator=(AudioReader&&) noexcept;

  const AudioInfo& info() const;

  /// Writes at most `max_samples` samples of each channel to `out` (target_channels interleaved floats,
  /// nominally -1 to 1) and returns how many; 0 at the end. Over the whole file exactly
  /// ceil(source_samples * target_rate / source_rate): the number of a film's frames depends on it.
  /// Throws Error{Io} when the disk fails.
  std::size_t read(float* out, std::size_t max_samples);

  /// Samples of one channel decoded so far, at the source's rate.
  std::int64_t source_samples() const;

  /// Packets that could not be decoded; their sound is missing.
  std::int64_t corrupt_packets() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace longtake
