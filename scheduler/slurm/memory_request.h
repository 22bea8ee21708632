#pragma once

#include <string>

namespace longtake {

/// Whether sbatch takes it for --mem: a whole number, of megabytes or with K, M, G or T behind it.
bool is_memory_request(const std::string& text);

}  // namespace longtake
