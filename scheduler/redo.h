#pragma once

#include <cstdint>
#include <string>

#include "jobs/interval.h"
#include "storage/job_store.h"
#include "storage/work_dir.h"

namespace longtake {

/// "A:B" as clips [A, B). Throws Error{InvalidInput} saying what would be right.
Interval clips_from(const std::string& text);

struct RedoOutcome {
  std::int64_t segments = 0;  ///< forgotten
  Interval clips;             ///< from the first to the last of them
};

/// Forgets the segments of `job` that share a clip with `clips`, and those chained after them in their
/// ranges: every file that holds some of their clips removed, job pending. The film stays until the next run
/// replaces it. Throws Error{InvalidInput} for an unknown job or clips it does not have, Error{Io} when a
/// file cannot be removed: the database then says what it said before.
RedoOutcome forget_clips(JobStore& store, const WorkDir& work_dir, const std::string& job, Interval clips,
                         std::int64_t now_ms);

}  // namespace longtake
