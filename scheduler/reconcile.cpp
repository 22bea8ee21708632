#include "scheduler/reconcile.h"

#include <filesystem>

#include "storage/durable_file.h"
#include "storage/media/segment_file.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

class Reconciliation {
 public:
  Reconciliation(StoredJob& job, const WorkDir& work_dir, std::int64_t now_ms)
      : job_(job), work_dir_(work_dir), now_ms_(now_ms) {}

  std::vector<Change> run() {
    remove_partial_files();
    for (StoredRange& range : job_.ranges) {
      for (StoredSegment& segment : range.segments) {
        if (segment.state == SegmentState::Finished) {
          verify(segment);
        } else {
          adopt_or_remove(segment);
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
  std::int64_t now_ms_;
  int kept_ = 0;
  int adopted_ = 0;
  std::vector<Change> changes_;
};

}  // namespace

std::vector<Change> reconcile_with_disk(StoredJob& job, const WorkDir& work_dir, std::int64_t now_ms) {
  return Reconciliation(job, work_dir, now_ms).run();
}

}  // namespace longtake
