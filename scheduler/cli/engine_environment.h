#pragma once

#include <map>
#include <string>

#include "scheduler/planner/profile.h"

namespace longtake {

/// What engines are told of a machine like this: the device, the most of its memory that each may take, and
/// the profile's variables for NCCL where `present`, the environment of this process, does not have them.
std::map<std::string, std::string> engine_environment(const Profile& profile,
                                                      const std::map<std::string, std::string>& present);

}  // namespace longtake
