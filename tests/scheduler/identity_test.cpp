#include "scheduler/identity.h"

#include <gmock/gmock.h>

namespace longtake {
namespace {

using testing::HasSubstr;

JobSpec avatar_job() {
  JobSpec spec;
  spec.engine = EngineKind::LiveAvatar;
  return spec;
}

Identity identity(const JobSpec& spec, const InputContents& contents = {"i", "a", "m", "", "fp32"}) {
  return identity_of(spec, {384, 704}, contents);
}

TEST(Identity, HoldsTheContentOfTheCheckpointAndNotItsPlace) {
  JobSpec spec = avatar_job();
  spec.model = "/one";
  const Identity one = identity(spec);
  spec.model = "/two";
  EXPECT_EQ(identity(spec).hash, one.hash);
  EXPECT_NE(identity(spec, {"i", "a", "other", "", "fp32"}).hash, one.hash);
  EXPECT_NE(identity(spec, {"i", "a", "m", "lora", "fp32"}).hash, one.hash);
}

TEST(Identity, HoldsWhatTheModelComputesIn) {
  const auto before = identity(avatar_job(), {"i", "a", "m", "", "fp32"}).of;
  const auto now = identity(avatar_job(), {"i", "a", "m", "", "bf16"}).of;
  EXPECT_EQ(describe_difference(before, now), R"(precision was "fp32" and is now "bf16")");
}

TEST(Identity, HoldsWhatCachesAreInWhereItWasChosen) {
  JobSpec spec = avatar_job();
  EXPECT_FALSE(identity(spec).of.contains("kv_cache_dtype"));
  spec.settings.kv_cache_dtype = KvCacheDtype::Fp8;
  const auto plain = identity(avatar_job()).of, fp8 = identity(spec).of;
  EXPECT_EQ(describe_difference(plain, fp8), R"(kv_cache_dtype was not set and is now "fp8")");
  EXPECT_EQ(describe_difference(fp8, plain), R"(kv_cache_dtype was "fp8" and is now not set)");
}

TEST(Identity, HoldsWhereWindowsAreRenewedHoweverItWasChosen) {
  JobSpec spec = avatar_job();
  const Identity unset = identity(spec);
  spec.settings.segment_clips = 20;
  EXPECT_EQ(identity(spec).hash, unset.hash);
  spec.settings.segment_clips = 8;
  EXPECT_NE(identity(spec).hash, unset.hash);
}

TEST(Identity, OfASlateDoesNotDependOnTheLengthOfItsSegments) {
  JobSpec spec;
  spec.engine = EngineKind::Slate;
  const Identity unset = identity(spec);
  spec.settings.segment_clips = 8;
  EXPECT_EQ(identity(spec).hash, unset.hash);
}

TEST(Identity, SaysWhatDiffers) {
  JobSpec spec = avatar_job();
  spec.settings.segment_clips = 8;
  const auto before = identity(avatar_job(), {"i", "a", "m", "l", "fp32"}).of;
  EXPECT_EQ(describe_difference(before, identity(spec, {"i", "b", "n", "k", "fp32"}).of),
            "audio has other content; lora has other content; the checkpoint has other content; "
            "segment_clips was 20 and is now 8");
}

TEST(Identity, SaysThatSomethingIsNewOrGone) {
  const auto without = identity(avatar_job()).of;
  const auto with = identity(avatar_job(), {"i", "a", "m", "abc", "fp32"}).of;
  EXPECT_THAT(describe_difference(without, with), HasSubstr("lora was \"\" and is now \"abc\""));
}

}  // namespace
}  // namespace longtake
