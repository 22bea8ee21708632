#include "storage/media/speech.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <utility>

#include "jobs/error.h"
#include "storage/media/part_file.h"
#include "storage/media/speech_levels.h"

namespace longtake {
namespace {

// Samples go to disk as they lie in memory.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "speech files are little-endian");

constexpr std::size_t kChunkSamples = 1 << 14;  // about a second
constexpr float kFullScale = 0.999F;
constexpr double kClippedPart = 1e-4;
constexpr double kVeryQuiet_db = -45;
constexpr double kTruncatedPart = 0.05;
constexpr double kTruncatedSeconds = 0.5;

using SampleSink = std::function<void(const float* samples, std::size_t count)>;

std::string formatted(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

/// Loudness, peak and clipping of samples that pass by.
class LoudnessMeter {
 public:
  void add(const float* samples, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const float magnitude = std::fabs(samples[i]);
      peak_ = std::max(peak_, magnitude);
      if (magnitude >= kFullScale) ++clipped_;
      sum_ += static_cast<double>(samples[i]) * static_cast<double>(samples[i]);
      ++samples_;
      if (samples_ % kLoudnessWindowSamples == 0) end_window(kLoudnessWindowSamples);
    }
  }

  void finish() {
    const std::int64_t rest = samples_ % kLoudnessWindowSamples;
    if (rest > 0) end_window(rest);
  }

  std::int64_t samples() const { return samples_; }
  double peak() const { return static_cast<double>(peak_); }
  double clipped_part() const { return static_cast<double>(clipped_) / static_cast<double>(samples_); }
  std::vector<float> take_loudness() { return std::move(loudness_); }

 private:
  void end_window(std::int64_t length) {
    loudness_.push_back(static_cast<float>(sum_ / static_cast<double>(length)));
    sum_ = 0;
  }

  std::vector<float> loudness_;
  double sum_ = 0;
  float peak_ = 0;
  std::int64_t clipped_ = 0;
  std::int64_t samples_ = 0;
};

void require_complete(const AudioReader& reader, const std::filesystem::path& audio) {
  const double declared = reader.info().container_seconds;
  const double decoded = static_cast<double>(reader.source_samples()) / reader.info().sample_rate;
  const double missing = declared - decoded;
  if (declared < 0 || missing <= kTruncatedSeconds || missing <= kTruncatedPart * declared) return;
  throw Error(ErrorKind::InvalidInput, "audio " + audio.string() + " ends after " +
                                           formatted("%.1f", decoded) + " s but its header says " +
                                           formatted("%.1f", declared) +
                                           " s: it is truncated; give the complete file");
}

void add_warnings(SpeechFacts& facts, double clipped_part, std::int64_t corrupt_packets, bool is_silent) {
  if (corrupt_packets > 0) {
    facts.warnings.push_back(std::to_string(corrupt_packets) +
                             " damaged packets could not be decoded; their sound is missing");
  }
  if (is_silent) {
    facts.warnings.push_back("the recording is silent; nothing was trimmed");
    return;
  }
  if (clipped_part > kClippedPart) {
    facts.warnings.push_back(formatted("%.2f %%", clipped_part * 100) +
                             " of the samples are at full scale: the recording is clipped");
  }
  if (facts.speech_level_db < kVeryQuiet_db) {
    facts.warnings.push_back("the speech is very quiet (" + formatted("%.0f dB", facts.speech_level_db) +
                             "): lips follow quiet speech poorly");
  }
  const double threshold_db = silence_threshold_db(facts.speech_level_db);
  if (auto warning = warn_of_level_changes(facts.loudness, threshold_db)) facts.warnings.push_back(*warning);
}

SpeechFacts facts_of(const AudioReader& reader, LoudnessMeter& meter, bool trim_silence) {
  SpeechFacts facts;
  facts.source = reader.info();
  facts.samples = meter.samples();
  facts.peak_db = level_db(meter.peak() * meter.peak());
  facts.loudness = meter.take_loudness();
  facts.speech_level_db = level_percentile_db(facts.loudness, 0.95);
  facts.noise_floor_db = level_percentile_db(facts.loudness, 0.05);
  const auto speech = trimmed(facts.loudness, facts.samples, silence_threshold_db(facts.speech_level_db));
  facts.kept = trim_silence && speech ? *speech : Interval{0, facts.samples};
  add_warnings(facts, meter.clipped_part(), reader.corrupt_packets(), !speech);
  return facts;
}

SpeechFacts stream_speech(const std::filesystem::path& audio, bool trim_silence, const SampleSink& sink,
                          const SpeechProgress& progress) {
  AudioReader reader(audio, kSpeechSampleRate, 1);
  LoudnessMeter meter;
  std::vector<float> chunk(kChunkSamples);
  while (const std::size_t count = reader.read(chunk.data(), chunk.size())) {
    // Damaged files in float formats may hold NaN or infinities, which would spoil every sum.
    for (std::size_t i = 0; i < count; ++i) chunk[i] = std::isfinite(chunk[i]) ? chunk[i] : 0;
    meter.add(chunk.data(), count);
    sink(chunk.data(), count);
    if (progress) progress(static_cast<double>(meter.samples()) / kSpeechSampleRate);
  }
  meter.finish();
  require_complete(reader, audio);
  return facts_of(reader, meter, trim_silence);
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

SpeechFacts write_speech(const std::filesystem::path& audio, const std::filesystem::path& speech_file,
                         bool trim_silence, const SpeechProgress& progress) {
  PartFile part(speech_file);
  const std::string doing = "cannot write " + part.part().string();
  std::unique_ptr<std::FILE, CloseFile> out(std::fopen(part.part().c_str(), "wbe"));
  if (out == nullptr) throw_errno(doing);
  const SampleSink write = [&](const float* samples, std::size_t count) {
    if (std::fwrite(samples, sizeof(float), count, out.get()) != count) throw_errno(doing);
  };
  SpeechFacts facts = stream_speech(audio, trim_silence, write, progress);
  if (std::fclose(out.release()) != 0) throw_errno(doing);
  part.commit();
  return facts;
}

SpeechFacts scan_speech(const std::filesystem::path& audio, bool trim_silence,
                        const SpeechProgress& progress) {
  return stream_speech(
      audio, trim_silence, [](const float*, std::size_t) {}, progress);
}

}  // namespace longtake
