#pragma once

#include <string>

namespace longtake {

/// What tells a process of this host from every other one, also from a later one with its number: boot and
/// start time. Empty when there is no such process, or only what is left of one until its parent takes note
/// (in a container whose first process takes note of nothing, that is for ever).
std::string process_identity(int pid);

}  // namespace longtake
