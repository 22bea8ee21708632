#include "rank/slate/timecode.h"

#include "jobs/clip_math.h"

namespace longtake {
namespace {

std::string two_digits(std::int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

}  // namespace

std::string timecode(std::int64_t frame) {
  const std::int64_t seconds = frame / kFramesPerSecond;
  return two_digits(seconds / 3600) + ":" + two_digits(seconds / 60 % 60) + ":" + two_digits(seconds % 60) +
         ":" + two_digits(frame % kFramesPerSecond);
}

}  // namespace longtake
