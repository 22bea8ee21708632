#pragma once

#include <string>

namespace longtake {

/// Whether a program of this name can be started from the PATH.
bool is_on_path(const std::string& program);

}  // namespace longtake
