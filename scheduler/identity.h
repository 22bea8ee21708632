#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "jobs/clip_math.h"
#include "jobs/job_spec.h"

namespace longtake {

/// What a film's pixels and sound depend on. Two jobs with equal identities give the same segments;
/// what does not change numbers (ranks, priority, output path, size of segments) is not in it.
struct Identity {
  std::string hash;   ///< SHA-256 of `of`, hex
  nlohmann::json of;  ///< readable: every input and parameter by its job-file key
};

/// `image_hash`, `audio_hash`: SHA-256 of the files' contents.
Identity identity_of(const JobSpec& spec, FrameSize size, const std::string& image_hash,
                     const std::string& audio_hash);

/// "prompt was "A" and is now "B"; audio has other content": for the message that refuses a mix.
std::string describe_difference(const nlohmann::json& before, const nlohmann::json& now);

}  // namespace longtake
