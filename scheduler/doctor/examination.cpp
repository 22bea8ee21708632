#include "scheduler/doctor/examination.h"

namespace longtake {

std::vector<Finding> examine(const Facts& facts, const Profile& profile) {
  return {check_driver(facts.gpus, profile),
          check_gpus(facts.gpus, profile),
          check_gpu_memory(facts.gpus, profile),
          check_gpu_use(facts.gpus, profile),
          check_gpu_clocks(facts.gpus),
          check_engine(facts.engine, facts.gpus, profile),
          check_peer_access(facts.engine, profile),
          check_nccl(facts.engine, facts.nccl),
          check_nccl_environment(facts.nccl_environment, profile),
          check_infiniband(facts.infiniband),
          check_ports(facts.ports),
          check_host_memory(facts.memory, profile),
          check_shared_memory(facts.memory, facts.gpus.visible.size()),
          check_work_directory(facts.work),
          check_disk_speed(facts.work),
          check_clocks(facts.launch.answers, facts.work),
          check_mpi(facts.launch),
          check_processors(facts.container),
          check_limits(facts.limits),
          check_container(facts.container),
          check_ffmpeg(facts.ffmpeg)};
}

}  // namespace longtake
