#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/messages.h"
#include "scheduler/doctor/programs.h"

/// Every rank says where it is and what its clock shows: proof that ranks can be started here, and a measure
/// of the hosts' clocks.
namespace longtake {

/// Set for the ranks that launch_roll_call() starts.
inline constexpr const char* kRollCallVariable = "LONGTAKE_ROLL_CALL";

/// As one of the ranks that somebody has started; every rank calls it once. The answers by rank on rank 0,
/// nullopt elsewhere. Ends the process with `exit_code_when_late` when another rank does not come.
std::optional<std::vector<RankAnswer>> answer_roll_call(int exit_code_when_late);

/// The line with which rank 0 of launch_roll_call() tells its parent.
std::string to_line(const std::vector<RankAnswer>& answers);

/// Really starts two ranks of this program under mpirun; in a Slurm allocation of more hosts, one on each.
LaunchFacts launch_roll_call(const RankHardware& here, const std::map<std::string, std::string>& environment);

}  // namespace longtake
