#include "tests/system/support/moments.h"

#include <algorithm>
#include <random>
#include <thread>

#include "tests/system/support/files.h"
#include "tests/system/support/waiting.h"

namespace longtake {
namespace {

constexpr std::chrono::seconds kPhaseLimit{60};

struct PhaseRule {
  Phase phase;
  const char* name;
  int of_twenty;        // how many of twenty moments
  unsigned longest_ms;  // delay
};
constexpr PhaseRule kRules[] = {{Phase::Starting, "starting", 5, 600},
                                {Phase::Generating, "generating", 11, 450},
                                {Phase::Joining, "joining", 4, 40}};

bool has_come(const Moment& moment, const Victim& victim, const Project& project, const std::string& job,
              const Process& run, std::size_t segments_before) {
  switch (moment.phase) {
    case Phase::Starting:
      return find_process(run.tag(), victim.role, victim.rank).has_value();
    case Phase::Generating:
      return names_in(project.segments(job), ".mp4").size() > segments_before;
    case Phase::Joining:
      return !names_in(project.job(job), ".mp4.part").empty();
  }
  return false;
}

}  // namespace

std::vector<Moment> random_moments(int count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Moment> moments;
  for (const PhaseRule& rule : kRules) {
    for (int i = 0; i < count * rule.of_twenty / 20; ++i) {
      moments.push_back({rule.phase, std::chrono::milliseconds(random() % rule.longest_ms)});
    }
  }
  for (std::size_t i = moments.size(); i > 1; --i) std::swap(moments[i - 1], moments[random() % i]);
  return moments;
}

std::optional<RunProcess> wait_for(const Moment& moment, const Victim& victim, const Project& project,
                                   const std::string& job, Process& run) {
  const std::size_t before = names_in(project.segments(job), ".mp4").size();
  becomes_true([&] { return run.is_over() || has_come(moment, victim, project, job, run, before); },
               kPhaseLimit);
  if (run.is_over()) return std::nullopt;
  std::this_thread::sleep_for(moment.delay);
  return find_process(run.tag(), victim.role, victim.rank);
}

std::string describe(const Moment& moment) {
  const auto rule = std::find_if(std::begin(kRules), std::end(kRules),
                                 [&](const PhaseRule& each) { return each.phase == moment.phase; });
  return std::string(rule->name) + " + " + std::to_string(moment.delay.count()) + " ms";
}

}  // namespace longtake
