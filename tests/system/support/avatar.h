#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "tests/system/support/project.h"

/// Jobs of the model, with a checkpoint of random weights that a few seconds are enough for.
namespace longtake {

/// Twenty clips of 12 frames.
inline constexpr std::int64_t kAvatarFrames = 240;

/// Written once for this process. Made by another program: these tests do not link LibTorch.
const std::filesystem::path& small_checkpoint();

/// NAME.wav and NAME.yaml: kAvatarFrames of 64*64 with two steps and that checkpoint, and `more` lines.
void add_avatar_job(Project& project, const std::string& name, const std::string& more);

/// The bytes of every carry of a job, by name: latents, and where windows are renewed.
std::map<std::string, std::string> carries_of(const Project& project, const std::string& job);

}  // namespace longtake
