#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace longtake {

/// How long an hour of film keeps the thread that finishes films (docs/performance.md has the measurements).
struct FinishingPace {
  double sound_s = 25;
  double join_s = 0.8;
};

/// The scheduler's one thread for films: it encodes the sounds in the order of the jobs, and joins a film as
/// soon as its segments are there (scheduler/film_finisher.h).
class FilmThread {
 public:
  FilmThread(std::vector<double> film_hours, FinishingPace pace);

  /// The film's segments are there at now_ms; later calls have later times. When it is joined.
  std::int64_t join(std::size_t film, std::int64_t now_ms);

 private:
  void encode(std::size_t film);

  std::vector<double> film_hours_;
  FinishingPace pace_;
  std::vector<bool> has_sound_;
  std::size_t next_sound_ = 0;
  std::int64_t free_ms_ = 0;
};

}  // namespace longtake
