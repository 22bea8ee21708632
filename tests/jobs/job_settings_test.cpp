#include "jobs/job_settings.h"

#include <gmock/gmock.h>

#include "jobs/yaml_document.h"
#include "tests/jobs/job_folder.h"

namespace longtake {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Problem> problems_of(const std::string& text, JobSettings& settings) {
  std::vector<Problem> problems;
  auto yaml = YamlDocument::parse("job.yaml", text, problems);
  if (yaml) read_settings(*yaml, settings);
  return problems;
}

TEST(SizeLimit, IsAnArea) {
  EXPECT_EQ(size_limit_from("704*384")->area, 270336);
  EXPECT_EQ(size_limit_from("704x384")->text, "704*384");
  EXPECT_EQ(size_limit_from("64*8192")->area, 64 * 8192);
}

TEST(SizeLimit, RefusesOtherTexts) {
  for (const char* text :
       {"", "704", "704*", "*384", "704**384", "704*384 ", "704 * 384", "-704*384", "0*384", "704*63",
        "8193*64", "704*384*3", "704X384", "99999999999999999999*384", "a*b"}) {
    EXPECT_EQ(size_limit_from(text), std::nullopt) << text;
  }
}

TEST(JobSettings, ReadsEveryKey) {
  JobSettings settings;
  const auto problems = problems_of(
      "size: '384x256'\nsample_steps: 3\nsample_guide_scale: 1.5\nfold_last_step: true\nbase_seed: 9\n"
      "num_clip: 10\ninfer_frames: 24\nenable_online_decode: true\noffload_model: false\n"
      "precision: fp8\nkv_cache_dtype: fp8\ncontinuity: parallel\nsegment_clips: 7\ntrim_silence: "
      "false\non_oom: smaller_size\n",
      settings);
  ASSERT_TRUE(problems.empty()) << shown(problems);
  EXPECT_EQ(settings.size.area, 384 * 256);
  EXPECT_EQ(settings.sample_steps, 3);
  EXPECT_EQ(settings.sample_guide_scale, 1.5);
  EXPECT_TRUE(settings.fold_last_step);
  EXPECT_EQ(settings.base_seed, 9);
  EXPECT_EQ(settings.num_clip, 10);
  EXPECT_EQ(settings.infer_frames, 24);
  EXPECT_EQ(settings.enable_online_decode, Toggle::On);
  EXPECT_EQ(settings.offload_model, Toggle::Off);
  EXPECT_EQ(settings.precision, Precision::Fp8);
  EXPECT_EQ(settings.kv_cache_dtype, KvCacheDtype::Fp8);
  EXPECT_EQ(settings.continuity, Continuity::Parallel);
  EXPECT_EQ(settings.segment_clips, 7);
  EXPECT_FALSE(settings.trim_silence);
  EXPECT_EQ(settings.on_oom, OnOom::SmallerSize);
}

TEST(JobSettings, AutoTakesANumberBack) {
  JobSettings settings;
  settings.num_clip = 10;
  settings.segment_clips = 5;
  EXPECT_TRUE(problems_of("num_clip: auto\nsegment_clips: auto\n", settings).empty());
  EXPECT_EQ(settings.num_clip, std::nullopt);
  EXPECT_EQ(settings.segment_clips, std::nullopt);
}

TEST(JobSettings, LeavesWhatIsNotWritten) {
  JobSettings settings;
  settings.sample_steps = 3;
  EXPECT_TRUE(problems_of("size: 384*256\n", settings).empty());
  EXPECT_EQ(settings.sample_steps, 3);
}

TEST(JobSettings, KnowsNoOtherPrecisions) {
  JobSettings settings;
  const auto problems = problems_of("precision: fp4\n", settings);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(to_string(problems[0]), HasSubstr("auto, fp8"));
  EXPECT_EQ(settings.precision, Precision::Auto);
}

TEST(JobSettings, KeepsCachesInWhatTheDeviceComputesInUnlessAskedFor) {
  JobSettings settings;
  const auto problems = problems_of("kv_cache_dtype: int8\n", settings);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(to_string(problems[0]), HasSubstr("auto"));
  EXPECT_EQ(settings.kv_cache_dtype, KvCacheDtype::Auto);
}

TEST(JobSettings, SaysWhyClipsAreMultiplesOfTwelve) {
  JobSettings settings;
  const auto problems = problems_of("infer_frames: 50\n", settings);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(
      to_string(problems[0]),
      "job.yaml:1: infer_frames: must be a multiple of 12, got 50: a clip is made of whole blocks, and a "
      "block is 3 latent frames of 4 frames each; write 60 or leave the default, 48");
  EXPECT_EQ(settings.infer_frames, 48);
}

TEST(JobSettings, NamesBothWaysOfWritingClips) {
  JobSettings settings;
  EXPECT_THAT(shown(problems_of("num_clip: some\n", settings)),
              HasSubstr("must be a whole number from 1 to 10000000 or auto, got 'some'"));
}

TEST(JobSettings, RefusesValuesOutOfBounds) {
  JobSettings settings;
  const auto problems = problems_of(
      "size: 10*10\nsample_steps: 0\nsample_guide_scale: 21\nbase_seed: -1\nnum_clip: 0\nsegment_clips: 513\n"
      "infer_frames: 0\ncontinuity: both\non_oom: retry\nenable_online_decode: maybe\n",
      settings);
  EXPECT_THAT(places(problems), ::testing::UnorderedElementsAre(
                                    "1 size", "2 sample_steps", "3 sample_guide_scale", "4 base_seed",
                                    "5 num_clip", "6 segment_clips", "7 infer_frames", "8 continuity",
                                    "9 on_oom", "10 enable_online_decode"));
}

TEST(JobSettings, CannotFoldTheOnlyStep) {
  JobSettings settings;
  const auto problems = problems_of("sample_steps: 1\nfold_last_step: true\n", settings);
  EXPECT_THAT(places(problems), ElementsAre("2 fold_last_step"));

  JobSettings folded_by_preset;
  folded_by_preset.fold_last_step = true;
  EXPECT_THAT(places(problems_of("sample_steps: 1\n", folded_by_preset)), ElementsAre("1 sample_steps"));
}

TEST(JobSettings, TakesTheLargestSeed) {
  JobSettings settings;
  EXPECT_TRUE(problems_of("base_seed: 9223372036854775807\n", settings).empty());
  EXPECT_EQ(settings.base_seed, INT64_MAX);
}

}  // namespace
}  // namespace longtake
