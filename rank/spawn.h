#pragma once

#include <sys/types.h>

#include <filesystem>

#include "storage/file_descriptor.h"
#include "storage/program_start.h"

namespace longtake {

struct SpawnedChild {
  pid_t pid = 0;
  FileDescriptor line;  ///< our end of the socket, non-blocking; the child's end is LONGTAKE_ENGINE_FD
};

/// fork and exec of an engine; see EngineProcess for what the child gets and for the errors. Its environment
/// is ours with `changed` in place of what that names.
SpawnedChild spawn_engine(const std::filesystem::path& program, const std::filesystem::path& log,
                          const Environment& changed);

}  // namespace longtake
