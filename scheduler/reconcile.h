#pragma once

#include <cstdint>
#include <vector>

#include "storage/change.h"
#include "storage/job_store.h"
#include "storage/work_dir.h"

namespace longtake {

/// Makes what the database says of `job` true again after whatever ended the last run:
/// finished segments whose file or carry is gone or torn are reopened; complete files of unfinished
/// segments are adopted (a crash between rename and commit leaves them), also of the first part of one that
/// was cut, or, when they are not this job's, removed; partial files are removed; a failed job, and a done
/// one whose film is gone, is pending again. Changes `job` and returns the changes to save. Costs
/// microseconds per finished segment: sizes and headers are checked, nothing is decoded but orphans.
/// `next_segment`: no segment has it or a later one.
std::vector<Change> reconcile_with_disk(StoredJob& job, const WorkDir& work_dir, SegmentId next_segment,
                                        std::int64_t now_ms);

}  // namespace longtake
