#include "storage/media/speech_levels.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "storage/media/speech.h"

namespace longtake {
namespace {

constexpr double kFloor_db = -120;
constexpr std::int64_t kKeptSilenceWindows = 50;  // 500 ms
constexpr std::size_t kStretchWindows = 1000;     // 10 s
constexpr std::size_t kLeastSpeechWindows = 100;  // 1 s of speech, or the level means nothing
constexpr double kSuspiciousChange_db = 12;

float percentile(std::vector<float> values, double part) {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[static_cast<std::size_t>(rank)];
}

float mean_square_of(double level) { return static_cast<float>(std::pow(10.0, level / 10)); }

std::string clock_of_window(std::size_t window) {
  char text[32];
  std::snprintf(text, sizeof text, "%zu:%02zu", window / 6000, window / 100 % 60);
  return text;
}

struct Stretch {
  std::size_t window;
  double level_db;
};

std::vector<Stretch> speech_of_stretches(const std::vector<float>& loudness, double threshold_db) {
  const float threshold = mean_square_of(threshold_db);
  std::vector<Stretch> stretches;
  for (std::size_t begin = 0; begin < loudness.size(); begin += kStretchWindows) {
    const std::size_t end = std::min(begin + kStretchWindows, loudness.size());
    std::vector<float> speech;
    std::copy_if(loudness.begin() + static_cast<std::ptrdiff_t>(begin),
                 loudness.begin() + static_cast<std::ptrdiff_t>(end), std::back_inserter(speech),
                 [threshold](float value) { return value > threshold; });
    if (speech.size() < kLeastSpeechWindows) continue;
    stretches.push_back({begin, level_db(percentile(std::move(speech), 0.9))});
  }
  return stretches;
}

}  // namespace

double level_db(double mean_square) {
  return mean_square > 0 ? std::max(kFloor_db, 10 * std::log10(mean_square)) : kFloor_db;
}

double level_percentile_db(const std::vector<float>& loudness, double part) {
  return level_db(percentile(loudness, part));
}

double silence_threshold_db(double speech_level_db) {
  return std::max(-90.0, std::min(-50.0, speech_level_db - 35));
}

std::optional<Interval> trimmed(const std::vector<float>& loudness, std::int64_t samples,
                                double threshold_db) {
  const float threshold = mean_square_of(threshold_db);
  const auto is_loud = [threshold](float value) { return value > threshold; };
  const auto first = std::find_if(loudness.begin(), loudness.end(), is_loud);
  if (first == loudness.end()) return std::nullopt;
  const auto after_last = std::find_if(loudness.rbegin(), loudness.rend(), is_loud).base();
  const std::int64_t begin = (first - loudness.begin()) - kKeptSilenceWindows;
  const std::int64_t end = (after_last - loudness.begin()) + kKeptSilenceWindows;
  return Interval{std::max<std::int64_t>(0, begin * kLoudnessWindowSamples),
                  std::min(samples, end * kLoudnessWindowSamples)};
}

std::optional<std::string> warn_of_level_changes(const std::vector<float>& loudness, double threshold_db) {
  const std::vector<Stretch> stretches = speech_of_stretches(loudness, threshold_db);
  if (stretches.size() < 2) return std::nullopt;
  const auto [quietest, loudest] =
      std::minmax_element(stretches.begin(), stretches.end(),
                          [](const Stretch& a, const Stretch& b) { return a.level_db < b.level_db; });
  const double change_db = loudest->level_db - quietest->level_db;
  if (change_db <= kSuspiciousChange_db) return std::nullopt;
  char change[16];
  std::snprintf(change, sizeof change, "%.0f dB", change_db);
  return "speech at " + clock_of_window(loudest->window) + " is " + change + " louder than at " +
         clock_of_window(quietest->window) +
         ": possibly several voices or distances; level the recording, or make one job per voice";
}

}  // namespace longtake
