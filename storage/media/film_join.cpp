#include "storage/media/film_join.h"

#include <future>

#include "jobs/error.h"
#include "storage/durable_file.h"
#include "storage/media/film_check.h"
#include "storage/media/film_copy.h"
#include "storage/media/part_file.h"

namespace longtake {
namespace {

void require_whole_film(const JoinOrder& order) {
  std::int64_t next = 0;
  for (const FilmSegment& segment : order.segments) {
    if (segment.frames.begin != next || segment.frames.length() != segment.facts.frames ||
        segment.frames.is_empty()) {
      throw Error(ErrorKind::Bug,
                  "cannot join " + order.film.string() + ": segment " + segment.file.filename().string() +
                      " has " + std::to_string(segment.facts.frames) + " frames and stands for frames " +
                      std::to_string(segment.frames.begin) + " to " + std::to_string(segment.frames.end) +
                      "; frame " + std::to_string(next) + " comes next");
    }
    next = segment.frames.end;
  }
  if (next == order.film_frames && next > 0) return;
  throw Error(ErrorKind::Bug, "cannot join " + order.film.string() + ": its segments have " +
                                  std::to_string(next) + " frames of " + std::to_string(order.film_frames));
}

}  // namespace

JoinOutcome join_film(const JoinOrder& order, const JoinProgress& progress) {
  require_whole_film(order);
  PartFile part(order.film);
  if (auto bad = copy_film(order, part.part(), progress)) return *bad;
  // The disk works while the check decodes; its answer, and any error, are commit()'s.
  const std::future<void> sending = std::async(std::launch::async, [&] { sync_to_disk(part.part()); });
  JoinOutcome outcome = check_film(order, part.part());
  sending.wait();
  if (std::holds_alternative<JoinReport>(outcome)) part.commit();
  return outcome;
}

}  // namespace longtake
