#pragma once

#include <sys/types.h>

namespace longtake {

/// True when a process whose parent is `pid` runs or waits; one that has ended does not count, even if
/// nobody has asked for its exit code yet. Reads /proc; true when that cannot be read.
bool has_living_children(pid_t pid);

}  // namespace longtake
