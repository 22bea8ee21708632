#include "scheduler/cli/duration.h"

#include <algorithm>
#include <array>
#include <regex>

#include "jobs/error.h"
#include "scheduler/core.h"

namespace longtake {
namespace {

/// Milliseconds of what was typed behind `option`.
std::int64_t typed_ms(const char* option, const std::string& text, const char* examples) {
  if (const auto seconds = duration_s(text)) return *seconds * 1000;
  throw Error(ErrorKind::InvalidInput,
              std::string(option) + " '" + text + "' is not a duration; write " + examples);
}

}  // namespace

std::optional<std::int64_t> duration_s(const std::string& text) {
  static const std::regex pattern(R"((?:(\d{1,4})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?)");
  constexpr std::array<std::int64_t, 4> kUnits_s = {86'400, 3600, 60, 1};
  std::smatch parts;
  if (text.empty() || !std::regex_match(text, parts, pattern)) return std::nullopt;
  std::int64_t seconds = 0;
  for (std::size_t unit = 0; unit < kUnits_s.size(); ++unit) {
    if (parts[unit + 1].matched) seconds += std::stoll(parts[unit + 1]) * kUnits_s[unit];
  }
  return seconds;
}

std::int64_t drain_ms_of(const std::string& text) {
  return text.empty() ? CoreLimits{}.drain_ms : typed_ms("--drain-time", text, "20s or 2m");
}

std::int64_t end_reserve_ms_of(const std::string& text) {
  const std::int64_t least_ms = CoreLimits{}.end_reserve_ms;
  return text.empty() ? least_ms : std::max(least_ms, typed_ms("--end-reserve", text, "180s or 3m"));
}

}  // namespace longtake
