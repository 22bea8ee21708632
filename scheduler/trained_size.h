#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "jobs/job_settings.h"
#include "jobs/job_spec.h"

/// A model makes good pictures at the size it was trained at. A checkpoint may name it in its config.json as
/// a job file does: "trained_size": "128*128". The published ones do not: the job file's default is theirs.
namespace longtake {

/// nullopt when the checkpoint does not say, or is not there: what it lacks is told elsewhere.
/// Throws Error{InvalidInput} for a size that is none.
std::optional<SizeLimit> trained_size_of(const std::filesystem::path& model);

/// A job of the model whose size is set neither in its file nor by its preset takes the trained one.
/// Throws as above.
void take_trained_size(JobSpec& job);

/// What to say to a job that wants another area than the trained one; its size is left as it is.
/// Throws as above.
std::optional<std::string> advice_on_size(const JobSpec& job);

}  // namespace longtake
