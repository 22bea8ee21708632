#include "scheduler/cli/engine_environment.h"

#include "jobs/engine_device.h"

namespace longtake {

std::map<std::string, std::string> engine_environment(const Profile& profile,
                                                      const std::map<std::string, std::string>& present) {
  auto variables = variables_for({profile.device, profile.usable_bytes});
  for (const auto& [name, value] : profile.nccl_environment) {
    if (present.count(name) == 0) variables[name] = value;
  }
  return variables;
}

}  // namespace longtake
