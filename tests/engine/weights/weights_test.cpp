#include "rank/engine/weights/weights.h"

#include <gmock/gmock.h>

#include "tests/engine/weights/refusal.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Weights two_blocks(WeightOptions options = {}) {
  return weights_of({{"blocks.0.bias", at::arange(3, at::kFloat)},
                     {"blocks.0.weight", at::ones({2, 3})},
                     {"blocks.1.bias", at::zeros({3})}},
                    options);
}

TEST(Weights, AreSelectedByPrefix) {
  const Weights block = two_blocks().select("blocks.").select("0.");
  EXPECT_THAT(block.names(), ElementsAre("bias", "weight"));
  EXPECT_TRUE(block.has("bias"));
  EXPECT_FALSE(block.has("blocks.0.bias"));
  EXPECT_THAT(block.shape_of("weight"), ElementsAre(2, 3));
  EXPECT_TRUE(at::equal(block.take("bias", {3}), at::arange(3, at::kFloat)));
}

TEST(Weights, ComeInTheTypeAskedFor) {
  EXPECT_EQ(two_blocks({at::kBFloat16, at::kCPU}).take("blocks.1.bias", {3}).scalar_type(), at::kBFloat16);
}

TEST(Weights, AMissingTensorIsNamed) {
  EXPECT_THAT(refusal_of([] {
                two_blocks().select("blocks.1.").take("weight", {2, 3});
              }),
              AllOf(HasSubstr("the model in memory"), HasSubstr("'blocks.1.weight'")));
}

TEST(Weights, AMisshapenTensorIsNamedWithBothShapes) {
  EXPECT_THAT(refusal_of([] {
                two_blocks().take("blocks.0.weight", {3, 2});
              }),
              AllOf(HasSubstr("'blocks.0.weight'"), HasSubstr("[2, 3]"), HasSubstr("[3, 2]")));
}

TEST(Weights, WhatNobodyTookIsNamed) {
  const Weights weights = two_blocks();
  weights.select("blocks.0.").take("weight", {2, 3});
  EXPECT_THAT(refusal_of([&] { weights.refuse_unused(); }),
              AllOf(HasSubstr("2 tensors"), HasSubstr("'blocks.0.bias', 'blocks.1.bias'")));
  EXPECT_THAT(refusal_of([&] { weights.select("blocks.0.").refuse_unused(); }),
              AllOf(HasSubstr("1 tensor that"), HasSubstr("'blocks.0.bias'"), Not(HasSubstr("blocks.1"))));
}

TEST(Weights, WhatIsLeftIsNotMissed) {
  const Weights weights = two_blocks();
  weights.leave("blocks.0.");
  weights.leave("blocks.1.bias");
  weights.leave("there.is.none");
  EXPECT_EQ(refusal_of([&] { weights.refuse_unused(); }), "");
}

TEST(RandomWeights, DependOnNameSeedAndShapeOnly) {
  const Weights whole = random_weights(7, {});
  const at::Tensor taken = whole.select("blocks.3.").take("weight", {8, 4});
  whole.take("blocks.2.weight", {8, 4});
  EXPECT_TRUE(at::equal(taken, random_weights(7, {}).take("blocks.3.weight", {8, 4})));
  EXPECT_FALSE(at::equal(taken, random_weights(8, {}).take("blocks.3.weight", {8, 4})));
  EXPECT_FALSE(at::equal(taken, whole.take("blocks.2.weight", {8, 4})));
}

TEST(RandomWeights, HaveTheSizeOfTrainedOnes) {
  const Weights weights = random_weights(7, {});
  EXPECT_NEAR(weights.take("linear.weight", {64, 100}).std().item<double>(), 0.1, 0.01);
  EXPECT_NEAR(weights.take("norm.weight", {4000}).mean().item<double>(), 1.0, 0.01);
  EXPECT_NEAR(weights.take("linear.bias", {4000}).mean().item<double>(), 0.0, 0.01);
  EXPECT_THAT(weights.names(), IsEmpty());
  EXPECT_EQ(refusal_of([&] { weights.refuse_unused(); }), "");
}

}  // namespace
}  // namespace longtake
