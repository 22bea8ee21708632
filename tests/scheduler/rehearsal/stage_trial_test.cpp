#include "scheduler/rehearsal/stage_trial.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "jobs/error.h"
#include "tests/scheduler/rehearsal/rehearsed_jobs.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// What follows `option`; empty when it is not there.
std::string value_of(const StageTrial& trial, const std::string& option) {
  const auto found = std::find(trial.arguments.begin(), trial.arguments.end(), option);
  return found == trial.arguments.end() ? "" : *std::next(found);
}

TEST(Rehearsal, TriesEveryEngineOfAGroup) {
  const Rehearsal rehearsal = rehearse("4x24gb", {published_job("news")}).rehearsal;
  ASSERT_THAT(rehearsal.trials, SizeIs(4));
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(value_of(rehearsal.trials[i], "--layout"), "layers:" + std::to_string(i + 1) + "/4");
    EXPECT_GT(rehearsal.trials[i].transport_bytes, 0);
    EXPECT_LE(rehearsal.trials[i].predicted_bytes, rehearsal.trials[i].capacity_bytes);
  }
  EXPECT_THAT(rehearsal.jobs.front().stages, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(rehearsal.trials[0].what, "news, engine 0 of 4: layers 0:10");
  EXPECT_THAT(rehearsal.trials[0].arguments, Contains("--encoders"));
  EXPECT_THAT(rehearsal.trials[1].arguments, Not(Contains("--encoders")));
  EXPECT_THAT(rehearsal.trials[3].what, HasSubstr("decodes"));
}

TEST(Rehearsal, GivesAnEngineWhatTheProfilesGpuHas) {
  const Rehearsal rehearsal = rehearse("4x24gb", {published_job("news")}).rehearsal;
  const StageTrial& trial = rehearsal.trials.front();
  EXPECT_EQ(value_of(trial, "--size"), "688*368");
  EXPECT_EQ(value_of(trial, "--precision"), "bf16");
  EXPECT_EQ(value_of(trial, "--kv-cache-dtype"), "auto");
  EXPECT_EQ(value_of(trial, "--device"), "cuda");
  EXPECT_EQ(value_of(trial, "--memory-gib").substr(0, 4), "23.5");
  EXPECT_EQ(value_of(trial, "--config"), "no-checkpoint") << "random weights where there are none";
}

TEST(Rehearsal, TriesEqualStagesOnce) {
  const Rehearsal rehearsal = rehearse("5x80gb", {published_job("news"), published_job("story")}).rehearsal;
  EXPECT_THAT(rehearsal.trials, SizeIs(1));
  EXPECT_THAT(rehearsal.jobs, SizeIs(2));
  EXPECT_THAT(rehearsal.jobs[1].stages, ElementsAre(0));
  JobInput smaller = published_job("small");
  smaller.size = {256, 384};
  EXPECT_THAT(rehearse("5x80gb", {published_job("news"), smaller}).rehearsal.trials, SizeIs(2));
}

TEST(Rehearsal, TriesStepsAndTheDecoderOfALayoutThatSplitsTheSteps) {
  JobInput job = published_job("live");
  job.spec.settings.enable_online_decode = Toggle::On;
  job.spec.settings.continuity = Continuity::Chained;
  const Rehearsal rehearsal = rehearse("5x80gb", {job}).rehearsal;
  ASSERT_THAT(rehearsal.trials, SizeIs(5));
  EXPECT_EQ(value_of(rehearsal.trials[1], "--layout"), "steps:2/1");
  EXPECT_EQ(rehearsal.trials[1].what, "live, engine 1 of 5: layers 0:40 of step 2");
  EXPECT_EQ(rehearsal.trials[4].what, "live, engine 4 of 5: decodes");
}

TEST(Rehearsal, FollowsTheJobsSettings) {
  JobInput job = published_job("guided");
  job.spec.settings.sample_guide_scale = 3;
  job.spec.settings.fold_last_step = true;
  job.spec.settings.precision = Precision::Fp8;
  job.spec.settings.kv_cache_dtype = KvCacheDtype::Fp8;
  const Rehearsal rehearsal = rehearse("1x141gb", {job}).rehearsal;
  ASSERT_THAT(rehearsal.trials, SizeIs(1));
  EXPECT_THAT(rehearsal.trials[0].arguments, Contains("--guided"));
  EXPECT_EQ(value_of(rehearsal.trials[0], "--steps"), "3");
  EXPECT_EQ(value_of(rehearsal.trials[0], "--precision"), "fp8");
  EXPECT_EQ(value_of(rehearsal.trials[0], "--kv-cache-dtype"), "fp8");
}

TEST(Rehearsal, RefusesACheckpointThatLacksAPartAndTakesRandomWeightsWhereThereAreNone) {
  const std::filesystem::path model = temp_path("half");
  std::filesystem::create_directories(model);
  JobInput job = published_job("news");
  job.spec.model = model;
  EXPECT_EQ(value_of(rehearse("1x141gb", {job}).rehearsal.trials.front(), "--config"), model);
  std::ofstream(model / "diffusion_pytorch_model.safetensors") << "weights";
  EXPECT_THROW(rehearse("1x141gb", {job}), Error);
}

TEST(Rehearsal, OfSlatesHasNothingToTry) {
  JobInput slate = published_job("slate");
  slate.spec.engine = EngineKind::Slate;
  slate.model.reset();
  EXPECT_THAT(rehearse("cpu", {slate}).rehearsal.trials, IsEmpty());
}

}  // namespace
}  // namespace longtake
