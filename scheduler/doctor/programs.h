#pragma once

#include <string>
#include <vector>

#include "scheduler/doctor/clocks.h"
#include "scheduler/doctor/finding.h"

namespace longtake {

/// FFmpeg as this program is linked with it.
struct FfmpegFacts {
  std::string version;
  std::vector<std::string> missing_encoders;  ///< of those that a film needs
};

Finding check_ffmpeg(const FfmpegFacts& facts);

/// A real start of ranks, each of which answers.
struct LaunchFacts {
  int ranks = 0;                    ///< that were started
  bool is_there = true;             ///< mpirun was found
  std::vector<RankAnswer> answers;  ///< by rank
  std::string failure;              ///< what mpirun said when an answer is missing
};

Finding check_mpi(const LaunchFacts& facts);

}  // namespace longtake
