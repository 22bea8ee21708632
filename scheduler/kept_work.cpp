#include "scheduler/kept_work.h"

#include <algorithm>
#include <filesystem>

#include "storage/unfinished_file.h"

namespace longtake {

KeptWork find_kept_work(const WorkDir& work_dir, const std::vector<std::string>& jobs) {
  KeptWork kept;
  for (const std::string& job : jobs) {
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(work_dir.segments(job), none)) {
      if (!is_unfinished_file(entry.path().filename().string())) continue;
      if (const auto passes = passes_done_of(entry.path())) kept[entry.path().string()] = *passes;
    }
  }
  return kept;
}

bool has_grown(const KeptWork& before, const KeptWork& now) {
  return std::any_of(now.begin(), now.end(), [&](const auto& entry) {
    const auto old = before.find(entry.first);
    return entry.second > (old == before.end() ? 0 : old->second);
  });
}

}  // namespace longtake
