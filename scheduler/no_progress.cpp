#include "scheduler/no_progress.h"

#include <algorithm>

namespace longtake {
namespace {

constexpr int kRunAgain = 75;
constexpr int kFailuresTold = 3;

bool came_to_nothing(const StoredRun& run) {
  return run.progress == 0 && run.exit_code.value_or(kRunAgain) == kRunAgain;
}

/// Without the advice to run again, which is what no longer holds.
std::string how_it_ended(const StoredRun& run) {
  const std::string how = run.message.empty() ? "killed" : run.message;
  return how.substr(0, how.find("; run again"));
}

bool was_drained(const StoredRun& run) { return run.message.rfind("drained", 0) == 0; }

std::string remedy(const std::vector<StoredRun>& starts, bool has_failures) {
  if (has_failures) return "remove the cause of these errors";
  if (std::all_of(starts.begin(), starts.end(), was_drained)) {
    return "give a run more time than loading and one segment take, or make segment_clips smaller in a new "
           "job";
  }
  return "look at the machines and at what the ranks printed";
}

EndRun no_progress(const JobStore& store, const std::vector<StoredRun>& starts) {
  return {kExitNoProgress, no_progress_text(starts, store.last_failures(starts.back().epoch, kFailuresTold))};
}

}  // namespace

std::vector<StoredRun> starts_for_nothing(const std::vector<StoredRun>& newest_first) {
  const auto is_other = [&](const StoredRun& run) {
    return !came_to_nothing(run) || run.profile != newest_first.front().profile;
  };
  return {newest_first.begin(), std::find_if(newest_first.begin(), newest_first.end(), is_other)};
}

std::string no_progress_text(const std::vector<StoredRun>& starts, const std::vector<std::string>& failures) {
  std::string text = "no progress over " + std::to_string(starts.size()) +
                     " starts: none of them finished a segment; they ended so: ";
  for (auto run = starts.rbegin(); run != starts.rend(); ++run) {
    text += (run == starts.rbegin() ? "" : ", ") + how_it_ended(*run);
  }
  for (const std::string& failure : failures) {
    text += (&failure == &failures.front() ? "; last errors: " : " | ") + failure;
  }
  return text + "; " + remedy(starts, !failures.empty()) + ", then run again: the count begins anew";
}

EndRun judge_end(const JobStore& store, EndRun end) {
  if (end.exit_code != kRunAgain) return end;
  auto newest_first = store.newest_runs(kStartsForNothing);
  if (newest_first.empty()) return end;
  newest_first.front().message = end.message;
  const auto starts = starts_for_nothing(newest_first);
  if (starts.size() < kStartsForNothing) return end;
  return no_progress(store, starts);
}

std::optional<EndRun> judge_start(const JobStore& store, const std::string& profile) {
  const auto newest_first = store.newest_runs(kStartsForNothing);
  if (newest_first.empty() || newest_first.front().profile != profile) return std::nullopt;
  const auto starts = starts_for_nothing(newest_first);
  if (starts.size() < kStartsForNothing) return std::nullopt;
  return no_progress(store, starts);
}

}  // namespace longtake
