#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "scheduler/doctor/finding.h"

namespace longtake {

/// Where a run would keep its work, and how fast that is. All of it is measured in `looked_at`.
struct WorkFolderFacts {
  std::filesystem::path folder;     ///< as it would be used
  std::filesystem::path looked_at;  ///< the same, or the nearest folder above it that is there
  std::string failure;              ///< why nothing can be written there; empty when it can
  std::string file_system;          ///< "ext4", "nfs4"
  bool is_remote = false;
  std::int64_t free_bytes = 0;
  std::int64_t free_files = 0;  ///< -1: the file system does not count them
  double sync_ms = 0;           ///< median of small writes with fsync
  double slowest_sync_ms = 0;
  double write_bytes_per_s = 0;  ///< of one large file, fsync included
  double clock_ahead_s = 0;      ///< time stamps of the file system less this host's clock
};

/// The type of the file system that holds `folder` (absolute), from the content of /proc/self/mountinfo.
/// Empty when no line fits.
std::string file_system_type(const std::string& mountinfo, const std::filesystem::path& folder);

/// Measures with a file of 32 MiB that has no name, so that nothing is left however this ends; creates no
/// folder. About a second on a disk. Throws nothing.
WorkFolderFacts measure_work_folder(const std::filesystem::path& folder);

Finding check_work_directory(const WorkFolderFacts& facts);
Finding check_disk_speed(const WorkFolderFacts& facts);

}  // namespace longtake
