#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "jobs/messages.h"
#include "scheduler/doctor/examination.h"

namespace longtake {

struct DoctorSubject {
  RankHardware here;
  Profile profile;
  std::filesystem::path work_dir;
  std::map<std::string, std::string> environment;
};

/// Reads, asks and measures everything but the launch of ranks. Takes seconds.
Facts gather_facts(const DoctorSubject& subject);

}  // namespace longtake
