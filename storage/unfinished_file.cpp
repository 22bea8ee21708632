#include "storage/unfinished_file.h"

#include <charconv>

#include "jobs/error.h"
#include "storage/safetensors.h"

namespace longtake {

std::optional<std::int64_t> passes_done_of(const std::filesystem::path& unfinished) {
  try {
    const SafetensorsFile file(unfinished);
    const auto it = file.metadata().find(kPassesDone);
    if (it == file.metadata().end()) return std::nullopt;
    const std::string& text = it->second;
    std::int64_t passes = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), passes);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return passes;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace longtake
