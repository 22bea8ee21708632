#pragma once

#include <filesystem>
#include <system_error>
#include <vector>

#include "storage/file_descriptor.h"
#include "storage/work_dir.h"

/// Inputs are read before a start holds the work directory (its database), so that what is wrong with them is
/// told at once. Several starts may do that in one work directory at the same time: here is what keeps them
/// out of each other's way.
namespace longtake {

/// The folders of a path that were not there before. What one has not made, or what is not empty, it leaves.
class NewFolders {
 public:
  /// Makes `path` and what it lies in.
  void make(const std::filesystem::path& path, std::error_code& error);
  void remove_empty() const;

 private:
  std::vector<std::filesystem::path> made_;
};

/// A folder in the work directory in which one start prepares its jobs, under a name of its own. Goes with
/// everything in it when this goes out of scope; until then a lock says that somebody sits there, which ends
/// with the process however it ends.
class PreparingDesk {
 public:
  /// Throws Error{Io} or Error{DiskFull}.
  explicit PreparingDesk(const WorkDir& work_dir);
  ~PreparingDesk();
  PreparingDesk(const PreparingDesk&) = delete;
  PreparingDesk& operator=(const PreparingDesk&) = delete;

  const WorkDir& folder() const { return folder_; }

 private:
  WorkDir folder_;
  FileDescriptor lock_;
};

/// Those of starts that were killed. Where the file system has no locks, those that are days old. Throws
/// nothing.
void remove_abandoned_desks(const WorkDir& work_dir);

}  // namespace longtake
