#include "scheduler/cli/roll_call.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "rank/launch/mpi_world.h"
#include "rank/launch/mpirun_command.h"
#include "rank/launch/start_deadline.h"
#include "scheduler/doctor/words.h"
#include "scheduler/programs/ask_program.h"

namespace longtake {
namespace {

constexpr std::chrono::seconds kPatience{60};
/// The smallest difference of several is the one with the least delay in it.
constexpr int kClockRounds = 5;

double wall_clock_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

/// Clocks by rank, read just after a broadcast has reached each; empty but on rank 0.
std::vector<double> read_clocks(const MpiWorld& world) {
  world.broadcast("now");
  std::vector<double> clocks_s;
  for (const std::string& text : world.gather(nlohmann::json(wall_clock_s()).dump())) {
    clocks_s.push_back(nlohmann::json::parse(text).get<double>());
  }
  return clocks_s;
}

void take_smaller(std::vector<RankAnswer>& answers, const std::vector<double>& clocks_s, bool is_first) {
  for (std::size_t rank = 0; rank < answers.size(); ++rank) {
    const double ahead_s = clocks_s[rank] - clocks_s[0];
    RankAnswer& answer = answers[rank];
    if (is_first || std::abs(ahead_s) < std::abs(answer.clock_ahead_s)) answer.clock_ahead_s = ahead_s;
  }
}

std::vector<RankAnswer> answers_in(const std::string& output) {
  std::vector<RankAnswer> answers;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_array()) continue;  // others may write to this output too
    for (const auto& answer : json) {
      answers.push_back({answer.at("rank").get<int>(), answer.at("host").get<std::string>(),
                         answer.at("clock_ahead_s").get<double>()});
    }
  }
  return answers;
}

int hosts_of_allocation(const std::map<std::string, std::string>& environment) {
  const auto nodes = environment.find("SLURM_JOB_NUM_NODES");
  return nodes == environment.end() ? 1 : std::max(1, std::atoi(nodes->second.c_str()));
}

}  // namespace

std::optional<std::vector<RankAnswer>> answer_roll_call(int exit_code_when_late) {
  const StartDeadline deadline(exit_code_when_late, start_limit_s(std::getenv(kStartLimitVariable)));
  MpiWorld world;
  std::vector<RankAnswer> answers;
  for (const std::string& host : world.gather(host_name())) {
    answers.push_back({static_cast<int>(answers.size()), host, 0});
  }
  for (int round = 0; round < kClockRounds; ++round) take_smaller(answers, read_clocks(world), round == 0);
  world.leave();
  if (world.rank() != 0) return std::nullopt;
  return answers;
}

std::string to_line(const std::vector<RankAnswer>& answers) {
  nlohmann::json list = nlohmann::json::array();
  for (const RankAnswer& answer : answers) {
    list.push_back({{"rank", answer.rank}, {"host", answer.host}, {"clock_ahead_s", answer.clock_ahead_s}});
  }
  return list.dump() + "\n";
}

LaunchFacts launch_roll_call(const RankHardware& here,
                             const std::map<std::string, std::string>& environment) {
  const int hosts = hosts_of_allocation(environment);
  LaunchFacts facts;
  facts.ranks = std::max(2, hosts);
  LaunchOptions launch;
  launch.ranks = facts.ranks;
  launch.processors = here.cpu_slots;
  launch.is_root = ::geteuid() == 0;
  launch.one_per_host = hosts > 1;
  launch.exported_variables = {kRollCallVariable};
  launch.program = {std::filesystem::read_symlink("/proc/self/exe").string(), "doctor"};
  const Answer answer = ask_program({mpirun_command(launch), kPatience, {{kRollCallVariable, "1"}}});
  facts.is_there = answer.was_started;
  facts.answers = answers_in(answer.out);
  facts.failure = answer.was_late ? "no answer within " + std::to_string(kPatience.count()) + " s"
                                  : first_line(answer.err);
  return facts;
}

}  // namespace longtake
