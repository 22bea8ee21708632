#include "scheduler/redo.h"

#include <charconv>
#include <filesystem>
#include <vector>

#include "jobs/error.h"
#include "storage/durable_file.h"

namespace longtake {
namespace {

std::optional<std::int64_t> number_from(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

/// A complete file that stays, or comes back after a power cut, would be adopted by the next run. That there
/// is none is as good.
void remove_file(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove(path, error);
  if (!error) return;
  throw Error(ErrorKind::Io, "cannot remove " + path.string() + " (" + error.message() +
                                 "), and a segment that is there is not made again");
}

void remove_files(const WorkDir& work_dir, const std::string& job, Interval clips) {
  remove_file(work_dir.segment(job, clips));
  remove_file(work_dir.carry(job, clips));
  remove_file(work_dir.unfinished(job, clips));
}

/// The clips of every segment file of the job. Of a segment that was cut there may be one that the database
/// was not told of, because the run was killed before.
std::vector<Interval> clips_of_files(const WorkDir& work_dir, const std::string& job) {
  std::vector<Interval> all;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(work_dir.segments(job), none)) {
    const auto clips = clips_of_segment_file(entry.path().filename().string());
    if (clips) all.push_back(*clips);
  }
  return all;
}

/// Segments from the first one that shares a clip with `clips` to the end of the chain.
std::vector<const StoredSegment*> chained_from(const StoredRange& range, Interval clips) {
  std::vector<const StoredSegment*> chained;
  for (const StoredSegment& segment : range.segments) {
    if (!chained.empty() || segment.clips.overlaps(clips)) chained.push_back(&segment);
  }
  return chained;
}

}  // namespace

Interval clips_from(const std::string& text) {
  const auto colon = text.find(':');
  const auto begin = number_from(std::string_view(text).substr(0, colon));
  const auto end =
      colon == std::string::npos ? std::nullopt : number_from(std::string_view(text).substr(colon + 1));
  if (!begin || !end || *begin >= *end) {
    throw Error(ErrorKind::InvalidInput,
                "--clips '" + text + "' is not A:B with A < B; write for example 20:40 for clips 20 to 39");
  }
  return {*begin, *end};
}

RedoOutcome forget_clips(JobStore& store, const WorkDir& work_dir, const std::string& name, Interval clips,
                         std::int64_t now_ms) {
  const auto job = store.find_job(name);
  const auto run = store.newest_run();
  if (!job || !run) {
    throw Error(ErrorKind::InvalidInput, "no job '" + name + "' in " + work_dir.root().string());
  }
  if (clips.end > job->clips) {
    throw Error(ErrorKind::InvalidInput, "clips " + text_of(clips) + " reach beyond the job's " +
                                             std::to_string(job->clips) +
                                             " clips; the largest is 0:" + std::to_string(job->clips));
  }
  RedoOutcome outcome;
  std::vector<Change> changes;
  const std::vector<Interval> files = clips_of_files(work_dir, name);
  for (const StoredRange& range : job->ranges) {
    for (const StoredSegment* segment : chained_from(range, clips)) {
      if (outcome.segments++ == 0) outcome.clips.begin = segment->clips.begin;
      outcome.clips.end = segment->clips.end;
      remove_files(work_dir, name, segment->clips);
      for (const Interval file : files) {
        if (file.overlaps(segment->clips)) remove_files(work_dir, name, file);
      }
      changes.push_back(SegmentReopened{segment->id, "made again: longtake redo asked for it"});
    }
  }
  std::error_code none;
  if (std::filesystem::exists(work_dir.segments(name), none)) sync_to_disk(work_dir.segments(name));
  changes.push_back(JobMoved{job->id, JobState::Pending, "", now_ms});
  changes.push_back(
      EventNoted{"job", name, "redo: clips " + text_of(outcome.clips) + " are to be made again", now_ms});
  store.save(run->epoch, changes);
  return outcome;
}

}  // namespace longtake
