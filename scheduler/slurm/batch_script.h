#pragma once

#include <string>

#include "scheduler/slurm/batch_job.h"

namespace longtake {

/// The script for sbatch: slurm/longtake.sbatch with this job's directives and command.
/// Throws Error{InvalidInput} for a value with a line break or a double quote, which a directive cannot hold.
std::string batch_script(const BatchJob& job);

/// Where the job with this number writes what it says; of an array, task `TASK`.
std::filesystem::path log_file(const BatchJob& job, const std::string& id);

}  // namespace longtake
