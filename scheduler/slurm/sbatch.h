#pragma once

#include <string>

namespace longtake {

/// Whether `program` is on the PATH.
bool is_on_path(const std::string& program);

/// Slurm's own words about a job that it would take: when it might start, and where.
/// Throws Error{InvalidInput} with Slurm's words when it would not take it, or does not answer.
std::string ask_sbatch(const std::string& script);

/// Queues the script and returns the job's number.
/// Throws Error{InvalidInput} with Slurm's words when it does not take it, or does not answer.
std::string submit_to_sbatch(const std::string& script);

}  // namespace longtake
