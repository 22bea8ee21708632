#pragma once

#include <map>
#include <string>

namespace longtake {

/// The variables of this process, by name.
std::map<std::string, std::string> environment();

}  // namespace longtake
