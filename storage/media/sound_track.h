#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "jobs/interval.h"

/// A film's sound, encoded once from the source, before the join.
namespace longtake {

/// Every AAC packet holds so many samples per channel.
inline constexpr std::int64_t kAacPacketSamples = 1024;
/// Samples the encoder puts before the first real one; players skip them by the film's edit list.
inline constexpr std::int64_t kAacPrimingSamples = 1024;

/// AAC packets that a film of `film_frames` has at `sample_rate`, priming included.
std::int64_t sound_packets(std::int64_t film_frames, int sample_rate);

/// Encodes exactly film_frames / 25 seconds of `audio` from kept.begin on (samples at 16 kHz) to AAC, in
/// the source's channels (more than two are mixed to stereo) and its rate (the nearest AAC rate from
/// 16 to 48 kHz that loses nothing). What lies after kept.end is silence. `out` is a Matroska file: it
/// is written and read in a stream, while the index of an MP4 file would have to fit in memory.
/// Complete and durable when this returns. Throws Error{InvalidInput} as AudioReader does,
/// Error{Io} or Error{DiskFull} when the disk fails; then nothing is left behind.
void encode_sound(const std::filesystem::path& audio, Interval kept, std::int64_t film_frames,
                  const std::filesystem::path& out, const std::function<void(double seconds)>& progress = {});

/// Whether `sound` is there and can be read from its first packet to the last one that a film of
/// `film_frames` has. False for every fault of the file.
bool is_whole_sound(const std::filesystem::path& sound, std::int64_t film_frames);

}  // namespace longtake
