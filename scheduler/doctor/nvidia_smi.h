#pragma once

#include <string>
#include <vector>

#include "scheduler/doctor/gpus.h"

/// What nvidia-smi prints, as values. The tool comes with every NVIDIA driver, lists the processes of a GPU
/// with their names, and says in words why it fails; so it is asked here instead of its library.
namespace longtake {

/// Lines of --query-gpu=uuid,name,memory.total,memory.used,persistence_mode,driver_version
/// --format=csv,noheader,nounits (memory in MiB). Lines of other shapes are left out.
std::vector<GpuState> gpus_from_csv(const std::string& csv);
/// The last column of the first line.
std::string driver_from_csv(const std::string& csv);

/// Lines of --query-compute-apps=gpu_uuid,pid,process_name,used_memory, put to their GPUs.
void add_processes_from_csv(const std::string& csv, std::vector<GpuState>& gpus);

/// Lines of --query-gpu=uuid,clocks_throttle_reasons.active: a mask in hexadecimal, bits as in NVML.
void add_slow_clocks_from_csv(const std::string& csv, std::vector<GpuState>& gpus);

/// From the heading of plain `nvidia-smi`: "12.4"; empty when it is not there.
std::string cuda_from_heading(const std::string& text);

/// Asks the tool. `variable` and `visible` are left to the caller. Throws Error{Io} when no process can be
/// made.
GpuFacts ask_nvidia_smi();

}  // namespace longtake
