#include "rank/engine/pipeline/stage_routes.h"

#include <gmock/gmock.h>

#include "jobs/error.h"

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kLayers = 5;
constexpr std::int64_t kSteps = 3;

StageRoutes layers(int ways) { return {layers_layout(kLayers, kSteps, ways), kLayers, kSteps}; }
StageRoutes steps(int ways) { return {steps_layout(kLayers, kSteps, ways), kLayers, kSteps}; }

TEST(StageRoutes, OneEngineSendsNothing) {
  const StageRoutes routes = layers(1);
  for (std::int64_t level = 1; level <= kSteps; ++level) {
    EXPECT_THAT(routes.users_of(level, true), ElementsAre(0));
    EXPECT_THAT(routes.receivers_of(level, true), IsEmpty());
  }
  EXPECT_FALSE(routes.before(0) || routes.next(0));
}

TEST(StageRoutes, LayersAreOneRowWhoseExitSendsLatentsBackToItsEntry) {
  const StageRoutes routes = layers(3);
  for (std::int64_t step = 0; step < kSteps; ++step) EXPECT_THAT(routes.row(step), ElementsAre(0, 1, 2));
  EXPECT_EQ(routes.next(0), 1);
  EXPECT_EQ(routes.before(1), 0);
  EXPECT_EQ(routes.next(1), 2);
  EXPECT_EQ(routes.before(2), 1);
  EXPECT_FALSE(routes.before(0) || routes.next(2));
  EXPECT_THAT(routes.receivers_of(1, false), ElementsAre(0));
  EXPECT_THAT(routes.users_of(1, false), ElementsAre(0, 2));
  EXPECT_THAT(routes.receivers_of(kSteps, false), IsEmpty()) << "the exit decodes";
}

TEST(StageRoutes, OnlyOfOneRowTheWriterMakesAllLatents) {
  EXPECT_TRUE(layers(1).writer_makes_all_latents());
  EXPECT_TRUE(layers(3).writer_makes_all_latents());
  EXPECT_FALSE(steps(1).writer_makes_all_latents());
  EXPECT_FALSE(steps(2).writer_makes_all_latents());
}

TEST(StageRoutes, StepsSendLatentsOnAndTheLastToTheDecoder) {
  const StageRoutes routes = steps(1);
  EXPECT_THAT(routes.row(1), ElementsAre(1));
  EXPECT_FALSE(routes.before(1) || routes.next(1));
  EXPECT_THAT(routes.receivers_of(1, false), ElementsAre(1));
  EXPECT_THAT(routes.receivers_of(1, true), ElementsAre(1, 3)) << "the writer keeps it for the carry";
  EXPECT_THAT(routes.receivers_of(kSteps, false), ElementsAre(3));
  EXPECT_FALSE(routes.before(3) || routes.next(3));
  EXPECT_FALSE(routes.is_in_row(3, 0));
}

TEST(StageRoutes, AProductSendsALatentToBothEndsOfTheNextRow) {
  const StageRoutes routes = steps(2);
  EXPECT_THAT(routes.row(1), ElementsAre(2, 3));
  EXPECT_THAT(routes.receivers_of(1, false), ElementsAre(2, 3));
  EXPECT_THAT(routes.receivers_of(1, true), ElementsAre(2, 3, 6));
  EXPECT_THAT(routes.receivers_of(kSteps, true), ElementsAre(6));
  EXPECT_THAT(routes.entries(), ElementsAre(0, 2, 4));
  EXPECT_THAT(routes.transformers(), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(routes.anchor_users(), ElementsAre(0, 2, 4, 6));
  EXPECT_EQ(routes.writer(), 6);
}

std::string refusal(const std::vector<Stage>& stages) {
  try {
    const StageRoutes routes({LayoutKind::Layers, stages}, kLayers, kSteps);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    return e.what();
  }
  return "";
}

TEST(StageRoutes, RefusesStagesThatAreNotOneModel) {
  const std::vector<Stage> whole = layers_layout(kLayers, kSteps, 2).stages;
  EXPECT_EQ(refusal(whole), "");
  std::vector<Stage> stages = whole;
  stages[1].layers.begin = 4;
  EXPECT_THAT(refusal(stages), HasSubstr("engine 1 does layers 4:5 of step 0 where layer 3 comes next"));
  stages = whole;
  stages[1].layers.end = 4;
  EXPECT_THAT(refusal(stages), HasSubstr("4 layers of 5"));
  stages = whole;
  stages[0].steps = stages[1].steps = {0, 2};
  EXPECT_THAT(refusal(stages), HasSubstr("the engines of step 2 do 0 layers"));
  stages = whole;
  stages[0].steps = stages[1].steps = {0, 4};
  EXPECT_THAT(refusal(stages), HasSubstr("does steps 0:4 of 3"));
  stages = whole;
  stages[1].vae = false;
  EXPECT_THAT(refusal(stages), HasSubstr("the last engine does not decode"));
  stages = whole;
  stages[0].text = false;
  EXPECT_THAT(refusal(stages), HasSubstr("no engine encodes the prompt"));
}

}  // namespace
}  // namespace longtake
