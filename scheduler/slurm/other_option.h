#pragma once

#include <string>

namespace longtake {

/// Judges an option of sbatch that a person hands on as it is. Throws Error{InvalidInput} for what is no
/// option, for one that the batch script needs for itself, and for one that `longtake submit` has too:
/// what it computes from that would not be true any more.
void require_other_option(const std::string& option);

}  // namespace longtake
