#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>

#include "jobs/error.h"
#include "jobs/ids.h"
#include "jobs/interval.h"
#include "scheduler/wake_up.h"
#include "storage/media/film_join.h"

namespace longtake {

/// The sound of a film: encoded once, early, while the pictures are still being made.
struct SoundOrder {
  std::filesystem::path audio;
  Interval speech_samples;  ///< what of the recording the film uses, at 16 kHz
  std::int64_t film_frames = 0;
  std::filesystem::path sound;  ///< file to write; kept when it is there and whole
};

struct FilmOrder {
  JobId job;
  SoundOrder sound;
  JoinOrder join;
};

struct FilmJoined {
  JoinReport report;
  double seconds = 0;
};
struct FilmFailed {
  ErrorKind kind = ErrorKind::Bug;
  std::string message;
};

struct FilmResult {
  JobId job;
  std::variant<FilmJoined, BadSegment, FilmFailed> outcome;
};

/// Encodes sound and joins films on a thread of its own, so that the scheduler never waits for a codec.
/// Films come before sounds. The destructor waits for the film being joined.
class FilmFinisher {
 public:
  /// Rings `wake` whenever a result is there.
  explicit FilmFinisher(const WakeUp& wake);
  ~FilmFinisher();
  FilmFinisher(const FilmFinisher&) = delete;
  FilmFinisher& operator=(const FilmFinisher&) = delete;

  void encode_early(SoundOrder order);
  void join(FilmOrder order);
  /// The next finished or failed film. Sounds have no result: what goes wrong shows at the join.
  std::optional<FilmResult> take_result();

 private:
  void work();
  static FilmResult make_film(const FilmOrder& order);

  const WakeUp& wake_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<FilmOrder> films_;
  std::deque<SoundOrder> sounds_;
  std::deque<FilmResult> results_;
  bool is_over_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace longtake
