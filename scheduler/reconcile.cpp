#include "scheduler/reconcile.h"

#include <filesystem>
#include <iterator>
#include <set>
#include <utility>

#include "storage/durable_file.h"
#include "storage/media/segment_file.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

class Reconciliation {
 public:
  Reconciliation(StoredJob& job, const WorkDir& work_dir, SegmentId next_segment, std::int64_t now_ms)
      : job_(job), work_dir_(work_dir), next_segment_(next_segment), now_ms_(now_ms) {}

  std::vector<Change> run() {
    remove_partial_files();
    find_files();
    for (StoredRange& range : job_.ranges) {
      for (std::size_t s = 0; s < range.segments.size(); ++s) {
        if (range.segments[s].state == SegmentState::Finished) {
          verify(range.segments[s]);
        } else {
          adopt_cut(range, s);
          adopt_or_remove(range.segments[s]);
        }
      }
    }
    tell_counts();
    reopen_job();
    return std::move(changes_);
  }

 private:
  void remove_partial_files() const {
    remove_part_files(work_dir_.segments(job_.name));
    std::error_code none;
    fs::remove(part_path(job_.output), none);
  }

  bool has_carry(const StoredSegment& segment) const {
    std::error_code none;
    return fs::exists(work_dir_.carry(job_.name, segment.clips), none);
  }

  void verify(StoredSegment& segment) {
    auto fault = find_quick_fault(work_dir_.segment(job_.name, segment.clips), *segment.facts);
    if (!fault && !has_carry(segment)) fault = "its carry is missing";
    if (!fault) {
      ++kept_;
      return;
    }
    note("clips " + text_of(segment.clips) + " are made again: " + *fault);
    remove_files(segment);
    segment.state = SegmentState::Pending;
    segment.facts.reset();
    changes_.push_back(SegmentReopened{segment.id, "made again: " + *fault});
  }

  void find_files() {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(work_dir_.segments(job_.name), none)) {
      const auto clips = clips_of_segment_file(entry.path().filename().string());
      if (clips) files_.emplace(clips->begin, clips->end);
    }
  }

  /// Cuts a segment of which there is no file, but one of its first clips: its maker died between rename and
  /// commit of a segment that was ended early.
  void adopt_cut(StoredRange& range, std::size_t index) {
    StoredSegment& segment = range.segments[index];
    const Interval clips = segment.clips;
    const auto longest = files_.upper_bound({clips.begin, clips.end});
    if (longest == files_.begin()) return;
    const auto [begin, end] = *std::prev(longest);
    if (begin != clips.begin || end == clips.end) return;
    StoredSegment first = segment;
    first.clips = {begin, end};
    if (!facts_of_orphan(first)) return;
    StoredSegment rest;
    rest.id = next_segment_;
    ++next_segment_.value;
    rest.clips = {end, clips.end};
    segment.clips = first.clips;
    changes_.push_back(SegmentCut{segment.id, end, rest.id});
    range.segments.insert(range.segments.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(rest));
  }

  void adopt_or_remove(StoredSegment& segment) {
    segment.state = SegmentState::Pending;
    std::error_code none;
    if (!fs::exists(work_dir_.segment(job_.name, segment.clips), none)) return;
    const auto facts = facts_of_orphan(segment);
    if (!facts) {
      remove_files(segment);
      return;
    }
    segment.state = SegmentState::Finished;
    segment.facts = facts;
    changes_.push_back(SegmentAdopted{segment.id, *facts, now_ms_});
    ++adopted_;
  }

  /// nullopt when the file is not this job's segment, complete.
  std::optional<SegmentFacts> facts_of_orphan(const StoredSegment& segment) const {
    try {
      const SegmentContents contents = inspect_segment(work_dir_.segment(job_.name, segment.clips));
      const Interval frames = frames_of_clips(segment.clips, job_.infer_frames, job_.film_frames);
      const bool is_ours = contents.tag == job_.identity && contents.size == job_.size &&
                           contents.facts.frames == frames.length() && has_carry(segment);
      if (!is_ours) return std::nullopt;
      return contents.facts;
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  void remove_files(const StoredSegment& segment) const {
    std::error_code none;
    fs::remove(work_dir_.segment(job_.name, segment.clips), none);
    fs::remove(work_dir_.carry(job_.name, segment.clips), none);
  }

  void tell_counts() {
    if (kept_ + adopted_ == 0) return;
    std::string text = "resumed: " + std::to_string(kept_) + " finished segment" + (kept_ == 1 ? "" : "s") +
                       " verified and kept";
    if (adopted_ > 0) text += ", " + std::to_string(adopted_) + " found complete on the disk and adopted";
    note(text);
  }

  void reopen_job() {
    std::error_code none;
    const bool has_film = fs::exists(job_.output, none);
    if (job_.state == JobState::Pending || (job_.state == JobState::Done && has_film)) return;
    job_.state = JobState::Pending;
    job_.message.clear();
    changes_.push_back(JobMoved{job_.id, JobState::Pending, "", now_ms_});
  }

  void note(const std::string& text) { changes_.push_back(EventNoted{"job", job_.name, text, now_ms_}); }

  StoredJob& job_;
  const WorkDir& work_dir_;
  SegmentId next_segment_;
  std::int64_t now_ms_;
  std::set<std::pair<std::int64_t, std::int64_t>> files_;  ///< first clip and end of every segment file
  int kept_ = 0;
  int adopted_ = 0;
  std::vector<Change> changes_;
};

}  // namespace

std::vector<Change> reconcile_with_disk(StoredJob& job, const WorkDir& work_dir, SegmentId next_segment,
                                        std::int64_t now_ms) {
  return Reconciliation(job, work_dir, next_segment, now_ms).run();
}

}  // namespace longtake
