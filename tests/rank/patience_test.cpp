#include "rank/patience.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

constexpr const char* kWork = "liveavatar 704x384";
const PhaseTimes_ms kMost = {{EnginePhase::Start, 900'000},
                             {EnginePhase::Load, 1'200'000},
                             {EnginePhase::FirstBlock, 300'000},
                             {EnginePhase::Blocks, 120'000}};

class PatienceTest : public testing::Test {
 protected:
  void learn(EnginePhase phase, std::int64_t silence_ms) { patience_.learn(kWork, {{phase, silence_ms}}); }
  std::int64_t limit(EnginePhase phase) const { return patience_.limit_ms(kWork, phase); }

  Patience patience_{kMost};
};

TEST_F(PatienceTest, IsTheProfilesUntilAnAttemptHasFinished) {
  for (const auto& [phase, most] : kMost) {
    EXPECT_EQ(limit(phase), most);
    EXPECT_EQ(patience_.limit_ms(kWork, phase, 10), most) << "one attempt's own silences are too few";
  }
}

TEST_F(PatienceTest, IsTwentyTimesTheLongestSilenceOfFinishedAttempts) {
  learn(EnginePhase::Blocks, 4'000);
  learn(EnginePhase::Blocks, 2'000);
  EXPECT_EQ(limit(EnginePhase::Blocks), 80'000);
  EXPECT_EQ(limit(EnginePhase::FirstBlock), 300'000) << "each phase for itself";
  EXPECT_EQ(patience_.longest_ms(kWork, EnginePhase::Blocks), 4'000);
}

TEST_F(PatienceTest, CountsThePresentAttemptsSilencesToo) {
  learn(EnginePhase::Blocks, 2'000);
  EXPECT_EQ(patience_.limit_ms(kWork, EnginePhase::Blocks, 5'000), 100'000);
  EXPECT_EQ(patience_.limit_ms(kWork, EnginePhase::Blocks, 1'000), 40'000);
}

TEST_F(PatienceTest, IsNeverLongerThanTheProfiles) {
  for (const auto& [phase, most] : kMost) {
    learn(phase, most);
    EXPECT_EQ(limit(phase), most);
  }
}

TEST_F(PatienceTest, IsNeverSoShortThatASlowDiskLooksLikeAHang) {
  for (const auto& [phase, most] : kMost) learn(phase, 0);
  EXPECT_EQ(limit(EnginePhase::Start), 30'000);
  EXPECT_EQ(limit(EnginePhase::Load), 120'000);
  EXPECT_EQ(limit(EnginePhase::FirstBlock), 30'000);
  EXPECT_EQ(limit(EnginePhase::Blocks), 30'000);
}

TEST_F(PatienceTest, KnowsNothingOfOtherWork) {
  learn(EnginePhase::Blocks, 2'000);
  EXPECT_EQ(patience_.limit_ms("liveavatar 1280x720", EnginePhase::Blocks), 120'000);
}

TEST_F(PatienceTest, IsTheProfilesAgainAfterALimitThatMayHaveBeenWrong) {
  learn(EnginePhase::Blocks, 2'000);
  patience_.forget(kWork);
  EXPECT_EQ(limit(EnginePhase::Blocks), 120'000);
}

TEST_F(PatienceTest, OfAProfileWithShorterLimitsThanTheLeastIsTheProfiles) {
  Patience hasty({{EnginePhase::Blocks, 300}});
  hasty.learn(kWork, {{EnginePhase::Blocks, 10}});
  EXPECT_EQ(hasty.limit_ms(kWork, EnginePhase::Blocks), 300);
}

}  // namespace
}  // namespace longtake
