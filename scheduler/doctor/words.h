#pragma once

#include <cstdint>
#include <string>

namespace longtake {

/// "23.69 GiB", "64 MiB": for messages.
std::string bytes_text(std::int64_t bytes);

/// "1 GPU", "4 GPUs".
std::string count_text(std::size_t count, const std::string& noun);

/// The first line of a program's output that is not empty, for a reason; "no word" when there is none.
std::string first_line(const std::string& text);

}  // namespace longtake
