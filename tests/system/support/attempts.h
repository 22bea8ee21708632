#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace longtake {

/// Segments that were made although they were finished, as "clips 4:5: attempt 12 after attempt 7 had
/// finished it". Empty when no work was done twice. For a work directory nobody runs in.
std::vector<std::string> needless_attempts(const std::filesystem::path& database);

}  // namespace longtake
