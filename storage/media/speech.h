#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "jobs/clip_math.h"
#include "jobs/interval.h"
#include "storage/media/audio_reader.h"
#include "storage/media/open_file.h"

/// A job's recording as its film needs it: 16 kHz mono, trimmed, measured. The file is read once and
/// in a stream; only ten numbers a second and window stay in memory.
namespace longtake {

/// Loudness is measured, and silence cut, in windows of 10 ms.
inline constexpr std::int64_t kLoudnessWindowSamples = kSpeechSampleRate / 100;

struct SpeechFacts {
  AudioInfo source;
  std::int64_t samples = 0;    ///< of the whole recording, at 16 kHz
  Interval kept;               ///< what the film uses, in 16 kHz samples
  double peak_db = 0;          ///< of all samples; dB relative to full scale, as the two below
  double speech_level_db = 0;  ///< 95th percentile of the windows' levels
  double noise_floor_db = 0;   ///< 5th percentile
  /// What a person should know: clipping, very quiet, level changes that hint at several voices,
  /// damaged packets, silence only.
  std::vector<std::string> warnings;
  /// Mean square of each window of the whole, untrimmed recording; the last window may be short.
  std::vector<float> loudness;
};

/// Told now and then how many seconds of the recording have been read.
using SpeechProgress = std::function<void(double seconds)>;

/// Decodes `audio` into `speech_file`: raw float32 little-endian samples, 16 kHz mono, the whole
/// recording. Complete and durable when this returns; nothing is left behind when it throws.
/// Throws Error{InvalidInput} as AudioReader does and for a truncated recording (more than 5 % and
/// half a second shorter than its header says), Error{Io} or Error{DiskFull} when the disk fails.
SpeechFacts write_speech(const std::filesystem::path& audio, const std::filesystem::path& speech_file,
                         bool trim_silence, const SpeechProgress& progress = {});

/// The same facts and errors without writing.
SpeechFacts scan_speech(const std::filesystem::path& audio, bool trim_silence,
                        const SpeechProgress& progress = {});

/// The trimmed recording inside a file made by write_speech. Reads what is asked for and keeps nothing.
/// Safe to read from several threads.
class SpeechFile {
 public:
  /// `kept`: the part of the file that is the film's sound, in samples.
  /// Throws Error{Io} when the file does not reach to kept.end.
  SpeechFile(std::filesystem::path path, Interval kept);

  std::int64_t samples() const { return kept_.length(); }

  /// Writes samples.length() floats to `out`. Samples count from the start of `kept`; outside of it
  /// there is silence.
  void read(Interval samples, float* out) const;

 private:
  OpenFile file_;
  Interval kept_;
};

}  // namespace longtake
