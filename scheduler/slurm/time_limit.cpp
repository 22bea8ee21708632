#include "scheduler/slurm/time_limit.h"

#include <array>
#include <regex>

namespace longtake {
namespace {

constexpr std::int64_t kMinute_s = 60;
constexpr std::int64_t kHour_s = 60 * kMinute_s;
constexpr std::int64_t kDay_s = 24 * kHour_s;

}  // namespace

std::optional<std::int64_t> slurm_duration_s(const std::string& text) {
  // A year of minutes has six digits.
  static const std::regex form(R"((?:(\d{1,4})-)?(\d{1,6})(?::(\d{1,2}))?(?::(\d{1,2}))?)");
  std::smatch match;
  if (!std::regex_match(text, match, form)) return std::nullopt;
  // With days the first number is hours; without, it is minutes unless all three are there.
  const bool begins_with_hours = match[1].matched || match[4].matched;
  const std::array<std::int64_t, 3> units_s = begins_with_hours
                                                  ? std::array<std::int64_t, 3>{kHour_s, kMinute_s, 1}
                                                  : std::array<std::int64_t, 3>{kMinute_s, 1, 0};
  std::int64_t seconds = match[1].matched ? std::stoll(match[1]) * kDay_s : 0;
  for (std::size_t i = 0; i < units_s.size(); ++i) {
    if (match[i + 2].matched) seconds += std::stoll(match[i + 2]) * units_s[i];
  }
  return seconds;
}

bool is_without_limit(const std::string& text) {
  static const std::regex word("UNLIMITED|INFINITE", std::regex::icase);
  return slurm_duration_s(text) == 0 || std::regex_match(text, word);
}

std::optional<std::int64_t> time_limit_s(const std::string& text) {
  return is_without_limit(text) ? std::nullopt : slurm_duration_s(text);
}

}  // namespace longtake
