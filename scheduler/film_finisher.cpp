#include "scheduler/film_finisher.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "storage/durable_file.h"
#include "storage/media/sound_track.h"

namespace longtake {
namespace {

void ensure_sound(const SoundOrder& order) {
  if (is_whole_sound(order.sound, order.film_frames)) return;
  encode_sound(order.audio, order.speech_samples, order.film_frames, order.sound);
}

/// Early encoding is only a head start: whatever stops it is met, and reported, again by the join.
void try_sound(const SoundOrder& order) {
  try {
    ensure_sound(order);
  } catch (const std::exception& e) {
    spdlog::warn("encoding the sound of {} is put off until the join: {}", order.audio.string(), e.what());
  }
}

}  // namespace

FilmFinisher::FilmFinisher(const WakeUp& wake) : wake_(wake), thread_([this] { work(); }) {}

FilmFinisher::~FilmFinisher() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void FilmFinisher::encode_early(SoundOrder order) {
  {
    const std::lock_guard lock(mutex_);
    sounds_.push_back(std::move(order));
  }
  changed_.notify_one();
}

void FilmFinisher::join(FilmOrder order) {
  {
    const std::lock_guard lock(mutex_);
    films_.push_back(std::move(order));
  }
  changed_.notify_one();
}

std::optional<FilmResult> FilmFinisher::take_result() {
  const std::lock_guard lock(mutex_);
  if (results_.empty()) return std::nullopt;
  FilmResult result = std::move(results_.front());
  results_.pop_front();
  return result;
}

void FilmFinisher::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_over_ || !films_.empty() || !sounds_.empty(); });
    if (is_over_) return;
    if (!films_.empty()) {
      const FilmOrder film = std::move(films_.front());
      films_.pop_front();
      lock.unlock();
      FilmResult result = make_film(film);
      lock.lock();
      results_.push_back(std::move(result));
      wake_.ring();
    } else {
      const SoundOrder sound = std::move(sounds_.front());
      sounds_.pop_front();
      lock.unlock();
      try_sound(sound);
      lock.lock();
    }
  }
}

FilmResult FilmFinisher::make_film(const FilmOrder& order) {
  const auto start = std::chrono::steady_clock::now();
  try {
    ensure_sound(order.sound);
    auto outcome = join_film(order.join);
    if (auto* bad = std::get_if<BadSegment>(&outcome)) return {order.job, std::move(*bad)};
    // No attempt of this job runs any more.
    remove_part_files(order.join.segments.front().file.parent_path());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return {order.job, FilmJoined{std::get<JoinReport>(std::move(outcome)), took.count()}};
  } catch (const Error& e) {
    return {order.job, FilmFailed{e.kind(), e.what()}};
  } catch (const std::exception& e) {
    return {order.job, FilmFailed{ErrorKind::Bug, e.what()}};
  }
}

}  // namespace longtake
