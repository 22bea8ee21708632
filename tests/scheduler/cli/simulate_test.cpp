// longtake simulate as it is typed.
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "scheduler/cli/commands.h"
#include "tests/scheduler/cli/typed_command.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

Ended simulate_with(std::vector<std::string> words) {
  words.insert(words.begin(), "simulate");
  JobCommands commands{};
  commands.simulate = simulate_command;
  return typed(std::move(words), commands);
}

TEST(Simulate, TellsTheNightToPeople) {
  const Ended ended = simulate_with({"--gpus", "16", "--hours", "4"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("16 GPUs on 2 nodes in 16 groups; 4 films of 4.0 hours"));
  EXPECT_THAT(ended.out, HasSubstr("above the lower bound"));
  EXPECT_THAT(ended.err, IsEmpty());
}

TEST(Simulate, GivesOneDocumentWithFaultsAndAPicture) {
  const std::string picture = temp_path("night.svg");
  const Ended ended = simulate_with({"--nodes", "4", "--profile", "4x24gb", "--hours", "10", "--jobs", "30",
                                     "--speed", "6", "--mtbf-gpu-h", "5", "--mtbf-node-h", "20",
                                     "--preempt-every-h", "2", "--json", "--svg", picture});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const auto night = nlohmann::json::parse(ended.out);
  EXPECT_EQ(night.at("gpus"), 16);
  EXPECT_EQ(night.at("groups"), 4);
  EXPECT_EQ(night.at("jobs"), 30);
  EXPECT_GT(night.at("faults").at("gpus").get<int>(), 0);
  EXPECT_GE(night.at("makespan_s").get<double>(), night.at("lower_bound_s").get<double>());
  std::ifstream file(picture);
  std::string first;
  std::getline(file, first);
  EXPECT_THAT(first, HasSubstr("<svg "));
}

TEST(Simulate, RefusesWhatMakesNoSense) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--gpus", "0"}, "--gpus"},
      {{"--gpus", "8", "--nodes", "1"}, "--nodes"},
      {{"--mtbf-gpu-h", "-3"}, "--mtbf-gpu-h"},
      {{"--mtbf-gpu-h", "nan"}, "'nan' is not a number in [0.01 - 1e+09]"},
      {{"--speed", "nan"}, "--speed: 'nan' is not a number"},
      {{"--load-s", "nan"}, "--load-s: 'nan' is not a number"},
      {{"--speed", "inf"}, "--speed: 'inf' is not a number"},
      {{"--hours", "nan"}, "--hours: 'nan' is not a number"},
      {{"--repair-min", "NaN"}, "--repair-min: 'NaN' is not a number"},
      {{"--seed", "-1"}, "--seed: '-1' is not a whole number"},
      {{"--seed", "1.5"}, "--seed: '1.5' is not a whole number"},
      {{"--hours", "many"}, "--hours"},
      {{"--profile", "9x9gb"}, "8x80gb"},
      {{"--gpus", "8", "--profile", "1x24gb"}, "too little"},
      {{"--svg", "/no/such/folder/night.svg"}, "there is no folder"}};
  for (const auto& [words, told] : cases) {
    const Ended ended = simulate_with(words);
    EXPECT_EQ(ended.exit_code, 2) << words.front();
    EXPECT_THAT(ended.err, HasSubstr(told)) << words.front();
    EXPECT_THAT(ended.out, IsEmpty()) << words.front();
  }
}

TEST(Simulate, TeachesInItsHelp) {
  const Ended ended = simulate_with({"--help"});
  EXPECT_EQ(ended.exit_code, 0);
  for (const char* said : {"--mtbf-gpu-h", "--preempt-every-h", "examples:", "lower bound"}) {
    EXPECT_THAT(ended.out, HasSubstr(said));
  }
}

}  // namespace
}  // namespace longtake
