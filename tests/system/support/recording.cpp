#include "tests/system/support/recording.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace longtake {
namespace {

constexpr double kTurn = 6.283185307179586;
constexpr double kLoud = 30000;
constexpr double kSpeechLevel = 6000;

std::size_t samples_of(double seconds) {
  return static_cast<std::size_t>(std::llround(seconds * Recording::kSampleRate));
}

template <class Integer>
void append(std::string& bytes, Integer number) {
  char little_endian[sizeof number];
  std::memcpy(little_endian, &number, sizeof number);
  bytes.append(little_endian, sizeof number);
}

}  // namespace

Recording& Recording::tone(double seconds, double hertz) {
  const std::size_t count = samples_of(seconds);
  for (std::size_t i = 0; i < count; ++i) {
    const double at = static_cast<double>(i) / kSampleRate;
    samples_.push_back(static_cast<std::int16_t>(kSpeechLevel * std::sin(kTurn * hertz * at)));
  }
  return *this;
}

Recording& Recording::pause(double seconds) {
  samples_.insert(samples_.end(), samples_of(seconds), 0);
  return *this;
}

Recording& Recording::speech(double seconds) {
  constexpr double kPhrase_s = 1.8;
  constexpr double kBreath_s = 0.2;
  const std::size_t end = samples_.size() + samples_of(seconds);
  while (samples_.size() < end)
    tone(kPhrase_s, 200 + static_cast<double>(samples_.size() % 7) * 20).pause(kBreath_s);
  samples_.resize(end);
  return *this;
}

Recording& Recording::click(double at_s) {
  constexpr double kClick_s = 0.01;
  constexpr double kClick_hertz = 3000;
  const std::size_t begin = samples_of(at_s);
  const std::size_t end = std::min(begin + samples_of(kClick_s), samples_.size());
  for (std::size_t i = begin; i < end; ++i) {
    const double at = static_cast<double>(i - begin) / kSampleRate;
    samples_[i] = static_cast<std::int16_t>(kLoud * std::sin(kTurn * kClick_hertz * at));
  }
  return *this;
}

std::string Recording::wav() const {
  const auto bytes = static_cast<std::uint32_t>(samples_.size() * sizeof(std::int16_t));
  constexpr std::uint16_t kPcm = 1;
  constexpr std::uint16_t kMono = 1;
  constexpr std::uint16_t kBits = 16;
  std::string file = "RIFF";
  append(file, 36 + bytes);
  file += "WAVEfmt ";
  append(file, std::uint32_t{16});
  append(file, kPcm);
  append(file, kMono);
  append(file, std::uint32_t{kSampleRate});
  append(file, static_cast<std::uint32_t>(kSampleRate * sizeof(std::int16_t)));
  append(file, static_cast<std::uint16_t>(sizeof(std::int16_t)));
  append(file, kBits);
  file += "data";
  append(file, bytes);
  for (const std::int16_t sample : samples_) append(file, sample);
  return file;
}

}  // namespace longtake
