#include "scheduler/doctor/clocks.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <set>

#include "scheduler/doctor/words.h"

namespace longtake {
namespace {

/// Nothing of ours compares clocks of two hosts; people who read events and logs do. Time stamps of most
/// file systems and a broadcast are good to some milliseconds.
constexpr double kMuch_s = 1;

std::string seconds_text(double seconds) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.3f s", seconds);
  return text.data();
}

const RankAnswer& farthest(const std::vector<RankAnswer>& answers) {
  const RankAnswer* found = &answers.front();
  for (const RankAnswer& answer : answers) {
    if (std::abs(answer.clock_ahead_s) > std::abs(found->clock_ahead_s)) found = &answer;
  }
  return *found;
}

}  // namespace

Finding check_clocks(const std::vector<RankAnswer>& answers, const WorkFolderFacts& work) {
  const std::string name = "clocks";
  const std::string remedy = "have the hosts keep time (chrony or systemd-timesyncd)";
  std::set<std::string> hosts;
  for (const RankAnswer& answer : answers) hosts.insert(answer.host);
  if (hosts.size() > 1) {
    const RankAnswer& far = farthest(answers);
    const std::string reason = "the clocks of " + count_text(hosts.size(), "host") + " differ by up to " +
                               seconds_text(std::abs(far.clock_ahead_s)) + " (" + far.host + " against " +
                               answers.front().host + ")";
    return std::abs(far.clock_ahead_s) > kMuch_s ? warning(name, reason, remedy) : good(name, reason);
  }
  if (!work.failure.empty()) return not_applicable(name, "one host, and no file to compare its clock with");
  const std::string reason = "one host; time stamps in " + work.looked_at.string() +
                             " differ from its clock by " + seconds_text(std::abs(work.clock_ahead_s));
  return std::abs(work.clock_ahead_s) > kMuch_s ? warning(name, reason, remedy) : good(name, reason);
}

}  // namespace longtake
