#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scheduler/core.h"
#include "storage/job_store.h"

/// When running again is no use: the meaning of exit code 93, so that a batch system which requeues on 75
/// does not do so for ever.
namespace longtake {

inline constexpr int kExitNoProgress = 93;
inline constexpr int kStartsForNothing = 3;

/// The newest starts in a row that came to nothing: no segment was finished or found complete and no film
/// made, and the start ended with exit code 75, or was killed. Why it ended does not matter: one that is
/// drained each time while the model loads makes no film either. Any other end, also 93 itself, begins the
/// count anew, and so does another profile: somebody has looked at it.
std::vector<StoredRun> starts_for_nothing(const std::vector<StoredRun>& newest_first);

/// What to tell people about them: how each ended, the last errors, and what can be done.
std::string no_progress_text(const std::vector<StoredRun>& starts, const std::vector<std::string>& failures);

/// The end of the newest start of `store`, which ends with `end`, as it is to be told and saved: exit code
/// 93 in place of 75 when it is the third start for nothing. Throws what JobStore throws.
EndRun judge_end(const JobStore& store, EndRun end);

/// How a start with this profile has to end before it begins anything: with exit code 93 when the last three
/// came to nothing and nobody was told, because `longtake run` itself was killed each time. Throws what
/// JobStore throws.
std::optional<EndRun> judge_start(const JobStore& store, const std::string& profile);

}  // namespace longtake
