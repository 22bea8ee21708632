#include "scheduler/simulation/film_thread.h"

#include <algorithm>
#include <cmath>

namespace longtake {

FilmThread::FilmThread(std::vector<double> film_hours, FinishingPace pace)
    : film_hours_(std::move(film_hours)), pace_(pace), has_sound_(film_hours_.size(), false) {}

std::int64_t FilmThread::join(std::size_t film, std::int64_t now_ms) {
  while (free_ms_ < now_ms && next_sound_ < film_hours_.size()) encode(next_sound_++);
  free_ms_ = std::max(free_ms_, now_ms);
  encode(film);
  free_ms_ += std::llround(film_hours_[film] * pace_.join_s * 1000);
  return free_ms_;
}

void FilmThread::encode(std::size_t film) {
  if (has_sound_[film]) return;
  has_sound_[film] = true;
  free_ms_ += std::llround(film_hours_[film] * pace_.sound_s * 1000);
}

}  // namespace longtake
