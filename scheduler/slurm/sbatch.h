#pragma once

#include <string>

namespace longtake {

/// What Slurm says of a job that is only shown to it.
struct SlurmOpinion {
  bool has_answered = false;  ///< false: sbatch is there, but not the Slurm behind it
  std::string words;          ///< when the job might start, and where; or what sbatch says of the silence
};

/// Asks Slurm whether it would take the job, and waits no longer than half a minute.
/// Throws Error{InvalidInput} with Slurm's words when it would not, and when there is no sbatch.
SlurmOpinion ask_sbatch(const std::string& script);

/// Queues the script and returns the job's number.
/// Throws Error{InvalidInput} with Slurm's words when it does not take it, or does not answer.
std::string submit_to_sbatch(const std::string& script);

}  // namespace longtake
