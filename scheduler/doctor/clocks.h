#pragma once

#include <string>
#include <vector>

#include "scheduler/doctor/finding.h"
#include "scheduler/doctor/work_folder.h"

namespace longtake {

/// What a rank said in the roll call of all ranks.
struct RankAnswer {
  int rank = 0;
  std::string host;
  double clock_ahead_s = 0;  ///< of rank 0's, as far as a broadcast can tell
};

/// Clocks of the hosts that the ranks are on, else this host's against the file system's.
Finding check_clocks(const std::vector<RankAnswer>& answers, const WorkFolderFacts& work);

}  // namespace longtake
