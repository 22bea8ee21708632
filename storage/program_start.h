#pragma once

#include <map>
#include <string>
#include <vector>

#include "storage/file_descriptor.h"

/// What fork() and exec() of another program need on both sides. A child is told by a pipe that closes itself
/// (O_CLOEXEC): what arrives is the errno of an exec that failed.
namespace longtake {

/// Variables of a process, by name.
using Environment = std::map<std::string, std::string>;

/// Ours, with `changed` in place of what it names: `NAME=value` each.
std::vector<std::string> environment_with(const Environment& changed);

/// For exec(), ending with nullptr; valid as long as `texts` is not touched.
std::vector<char*> pointers_to(const std::vector<std::string>& texts);

/// In the child, where only async-signal-safe calls are allowed: writes errno to the pipe and ends.
[[noreturn]] void end_failed_child(int failure_descriptor);

/// In the parent, whose own writing end is closed: waits for the exec. 0 when it succeeded, else the errno of
/// what the child could not do.
int error_of_start(const FileDescriptor& failure);

}  // namespace longtake
