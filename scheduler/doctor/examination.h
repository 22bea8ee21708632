#pragma once

#include <vector>

#include "scheduler/doctor/clocks.h"
#include "scheduler/doctor/engine_devices.h"
#include "scheduler/doctor/gpus.h"
#include "scheduler/doctor/host_memory.h"
#include "scheduler/doctor/infiniband.h"
#include "scheduler/doctor/limits.h"
#include "scheduler/doctor/nccl_environment.h"
#include "scheduler/doctor/ports.h"
#include "scheduler/doctor/programs.h"
#include "scheduler/doctor/work_folder.h"

/// `longtake doctor`: everything is gathered first, by functions that read, ask and measure; then it is
/// judged, by functions of values.
namespace longtake {

struct Facts {
  GpuFacts gpus;
  EngineFacts engine;
  NcclTrials nccl;
  NcclEnvironmentFacts nccl_environment;
  std::vector<PortFacts> ports;
  InfinibandFacts infiniband;
  HostMemoryFacts memory;
  WorkFolderFacts work;
  LaunchFacts launch;
  FfmpegFacts ffmpeg;
  LimitFacts limits;
  ContainerFacts container;
};

/// One finding per check, always all of them, in the order in which one would look.
std::vector<Finding> examine(const Facts& facts, const Profile& profile);

}  // namespace longtake
