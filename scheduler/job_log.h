#pragma once

#include <cstdint>
#include <string>

#include "jobs/messages.h"
#include "scheduler/prepare.h"
#include "storage/work_dir.h"

/// The files a Live Avatar user looks at after a run: logs/inference.log, logs/gpu_memory.csv and
/// outputs/debug_info.json, same names and meaning. They are for reading only: a disk that cannot take
/// them stops nothing, so none of these functions throws.
namespace longtake {

/// One line with the time in front.
void append_inference_log(const WorkDir& work_dir, const std::string& job, std::int64_t now_ms,
                          const std::string& line);

/// The job's parameters, when a run starts.
void log_parameters(const WorkDir& work_dir, const PreparedJob& job, std::int64_t now_ms);

struct MemorySample {
  double time_s = 0;  ///< since the run began
  RankId rank;
  std::string device;
  std::int64_t allocated_bytes = 0;
  std::int64_t reserved_bytes = 0;
  std::int64_t used_bytes = 0;
};
void append_memory_log(const WorkDir& work_dir, const std::string& job, const MemorySample& sample);

void write_debug_info(const WorkDir& work_dir, const std::string& job, const nlohmann::json& info);

}  // namespace longtake
