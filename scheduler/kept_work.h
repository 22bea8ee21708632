#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "storage/work_dir.h"

/// What engines leave of segments that they had to stop making (docs/decisions/0020-ending-early.md).
namespace longtake {

/// How far unfinished segments are, by the names of their files.
using KeptWork = std::map<std::string, std::int64_t>;

/// Of all `jobs`. Reads headers only; what cannot be read is not kept work.
KeptWork find_kept_work(const WorkDir& work_dir, const std::vector<std::string>& jobs);

/// Whether some segment is further than it was. One that was finished is told elsewhere.
bool has_grown(const KeptWork& before, const KeptWork& now);

}  // namespace longtake
