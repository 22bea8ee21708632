#include "scheduler/rehearsal/trial_result.h"

#include <gmock/gmock.h>

#include "tests/scheduler/rehearsal/rehearsed_jobs.h"

namespace longtake {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What an engine prints that did its steps of a block in `step_ms` each.
json report(double step_ms, std::int64_t steps, std::int64_t peak_bytes) {
  return {{"device_name", "NVIDIA H200"},
          {"weights", "random"},
          {"load_seconds", 2.5},
          {"stage_steps", {0, steps}},
          {"step_ms", {{"median", step_ms}, {"min", step_ms}, {"count", 3}}},
          {"vae_block_ms", nullptr},
          {"encoders", nullptr},
          {"memory",
           {{"peak_process_bytes", peak_bytes},
            {"peak_tensor_bytes", peak_bytes - 500},
            {"beside_tensors_bytes", 400}}}};
}

StageTrial trial_of(std::int64_t capacity_bytes, std::int64_t transport_bytes = 0) {
  StageTrial trial;
  trial.what = "news: layers 0:40";
  trial.capacity_bytes = capacity_bytes;
  trial.transport_bytes = transport_bytes;
  return trial;
}

TEST(TrialResult, IsReadFromTheEnginesReport) {
  json document = report(30, 4, 10'000);
  document["vae_block_ms"] = {{"median", 20}, {"min", 20}, {"count", 3}};
  const TrialResult result = trial_result(trial_of(20'000, 700), 0, document.dump(), "");
  EXPECT_EQ(result.end, TrialEnd::Measured);
  EXPECT_EQ(result.peak_bytes, 10'700) << "what was planned for neighbours is added";
  EXPECT_DOUBLE_EQ(result.block_ms(), 140);
  EXPECT_EQ(result.device, "NVIDIA H200");
  EXPECT_TRUE(result.has_random_weights);
}

TEST(TrialResult, CountsTheLargerOfEncodingAndGenerating) {
  json document = report(30, 4, 10'000);
  document["encoders"] = {{"text", {{"peak_tensor_bytes", 15'000}, {"load_seconds", 3}, {"encode_ms", 500}}},
                          {"speech", nullptr}};
  const TrialResult result = trial_result(trial_of(20'000), 0, document.dump(), "");
  EXPECT_EQ(result.peak_bytes, 15'400) << "with what is beside tensors";
  EXPECT_DOUBLE_EQ(result.encode_s, 3.5);
}

TEST(TrialResult, TellsOutOfMemoryFromOtherFailures) {
  const TrialResult memory =
      trial_result(trial_of(1), 3, "", "table\nlongtake-engine bench: CUDA out of memory\n");
  EXPECT_EQ(memory.end, TrialEnd::OutOfMemory);
  EXPECT_EQ(memory.message, "longtake-engine bench: CUDA out of memory");
  EXPECT_EQ(trial_result(trial_of(1), 1, "", "no").end, TrialEnd::Failed);
  EXPECT_EQ(trial_result(trial_of(1), 0, "{}", "").end, TrialEnd::Failed) << "a report that lacks everything";
  EXPECT_THAT(trial_result(trial_of(1), 1, "", "").message, HasSubstr("exit code 1"));
}

TEST(TrialResult, TellsWhatAPersonMustChangeFromAFailure) {
  const TrialResult refused = trial_result(trial_of(1), 2, "", "precision: fp8 cannot be computed here\n");
  EXPECT_EQ(refused.end, TrialEnd::Refused);
  const Rehearsal rehearsal{{trial_of(1)}, {}};
  EXPECT_THAT(shortcomings(rehearsal, {refused}),
              ElementsAre("news: layers 0:40 refused: precision: fp8 cannot be computed here"));
}

TEST(TrialResult, NamesTheSignalThatEndedAnEngineInsteadOfItsLastWords) {
  const TrialResult killed = trial_result(trial_of(1), 137, "", "a warning\n");
  EXPECT_EQ(killed.end, TrialEnd::Failed);
  EXPECT_EQ(killed.message, "the engine was killed by signal 9, perhaps for want of this machine's memory");
  EXPECT_EQ(trial_result(trial_of(1), 139, "", "").message, "the engine was killed by signal 11");
}

TEST(TrialResult, IsGoodOnlyWithinWhatAnEngineMayUse) {
  const Rehearsal rehearsal{{trial_of(20'000)}, {}};
  const auto judge = [&](std::int64_t peak) {
    const std::vector<TrialResult> results = {
        trial_result(rehearsal.trials[0], 0, report(1, 1, peak).dump(), "")};
    return shortcomings(rehearsal, results);
  };
  EXPECT_THAT(judge(20'000), IsEmpty());
  EXPECT_THAT(judge(20'001), ElementsAre(HasSubstr("news: layers 0:40 took")));
}

TEST(ExpectedFilm, GoesByTheSlowestStage) {
  const Rehearsed night = rehearse("4x24gb", {published_job("news")});
  std::vector<TrialResult> results;
  for (const double step_ms : {30, 60, 30, 30}) {
    results.push_back(trial_result(night.rehearsal.trials[0], 0, report(step_ms, 4, 1).dump(), ""));
  }
  const ExpectedFilm film = expected_films(night.plan, night.rehearsal, results).front();
  EXPECT_DOUBLE_EQ(film.frames_per_second, 50) << "12 frames in 4 steps of 60 ms";
  EXPECT_NEAR(film.seconds, 4800 / 50.0, 5);
  results[2].end = TrialEnd::OutOfMemory;
  EXPECT_EQ(expected_films(night.plan, night.rehearsal, results).front().frames_per_second, 0);
}

TEST(RehearsalText, ShowsEveryStageAndWhatIsWrong) {
  const Rehearsed night = rehearse("4x24gb", {published_job("news")});
  std::vector<TrialResult> results(
      4, trial_result(night.rehearsal.trials[0], 0, report(30, 4, 13'000'000'000).dump(), ""));
  EXPECT_THAT(rehearsal_table(night.plan, night.rehearsal, results), HasSubstr("everything fits"));
  results[3] =
      trial_result(night.rehearsal.trials[3], 3, "", "CUDA out of memory. Tried to allocate 2.00 GiB");
  const std::string table = rehearsal_table(night.plan, night.rehearsal, results);
  for (const char* words :
       {"engine 0 of 4: layers 0:10", "13.48 GB", "24.70 GB", "out of memory", "2.00 GiB"}) {
    EXPECT_THAT(table, HasSubstr(words));
  }
  const json document = rehearsal_json(night.plan, night.rehearsal, results);
  EXPECT_FALSE(document.at("fits"));
  EXPECT_EQ(document.at("stages").size(), 4u);
  EXPECT_EQ(document.at("reasons").size(), 1u);
}

TEST(RehearsalText, SaysThatThereIsNothingToRehearse) {
  EXPECT_THAT(rehearsal_table({}, {}, {}), HasSubstr("nothing to rehearse"));
}

}  // namespace
}  // namespace longtake
