#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace longtake {

/// What a process is in a run of longtake.
enum class Role {
  Command,  ///< the `longtake` a person typed
  Mpirun,
  Rank,
  Engine,
  Other,
};

struct RunProcess {
  pid_t pid = 0;
  Role role = Role::Other;
  int rank = -1;  ///< of a rank and of an engine, in its world
};

/// The living processes that carry the tag of a Process. Zombies do not count.
std::vector<RunProcess> processes_of(const std::string& tag);

/// The first of them that is `role`, and of rank `rank` unless that is -1.
std::optional<RunProcess> find_process(const std::string& tag, Role role, int rank = -1);

/// "rank 1 (pid 4711), engine of rank 1 (pid 4712)", for messages.
std::string describe(const std::vector<RunProcess>& processes);

}  // namespace longtake
