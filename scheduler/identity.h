#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "jobs/clip_math.h"
#include "jobs/job_spec.h"

namespace longtake {

/// What a film's pixels and sound depend on. Two jobs with equal identities give the same segments;
/// what does not change numbers (ranks, priority, output path) is not in it.
struct Identity {
  std::string hash;   ///< SHA-256 of `of`, hex
  nlohmann::json of;  ///< readable: every input and parameter by its job-file key
};

/// What a job's numbers come from besides its parameters: hashes of what its files hold, and what they are
/// computed in.
struct InputContents {
  std::string image;
  std::string audio;
  std::string model;      ///< empty for an engine without a model
  std::string lora;       ///< empty for none
  std::string precision;  ///< "bf16", "fp32", "fp8", "int8"; empty for an engine without a model
};

Identity identity_of(const JobSpec& spec, FrameSize size, const InputContents& contents);

/// "prompt was "A" and is now "B"; the recording has other content": for the message that refuses a mix.
std::string describe_difference(const nlohmann::json& before, const nlohmann::json& now);

}  // namespace longtake
