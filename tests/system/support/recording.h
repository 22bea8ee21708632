#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace longtake {

/// A recording put together from sounds: 16 kHz, mono, 16 bit.
class Recording {
 public:
  static constexpr int kSampleRate = 16000;

  Recording& tone(double seconds, double hertz = 220);
  Recording& pause(double seconds);
  /// A tone with a pause of a fifth of a second every two seconds, as speech has.
  Recording& speech(double seconds);
  /// A loud burst of a hundredth of a second, written over what is there `at_s` seconds from the start.
  Recording& click(double at_s);

  double seconds() const { return static_cast<double>(samples_.size()) / kSampleRate; }
  /// The bytes of a WAV file.
  std::string wav() const;

 private:
  std::vector<std::int16_t> samples_;
};

}  // namespace longtake
