#include "rank/engine/bench/op_profile.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "rank/engine/compute_threads.h"
#include "rank/engine/profile_scopes.h"

namespace longtake {
namespace {

std::int64_t calls_of(const TimeTable& table, TimeFor what, const std::string& name) {
  const auto found = table.ops.find({what, name});
  return found == table.ops.end() ? 0 : found->second.calls;
}

TEST(OpProfile, SortsOperationsByWhatTheyAreFor) {
  const at::Tensor square = at::ones({8, 8}), image = at::ones({1, 2, 8, 8}), kernel = at::ones({2, 2, 3, 3});
  const OpProfile profile(at::kCPU, 1);
  at::addmm(square, square, square);
  at::gelu(square);
  square.clone();
  at::conv2d(image, kernel);
  {
    RECORD_USER_SCOPE(kAttentionScope);
    at::softmax(at::mm(square, square), -1);
  }
  {
    RECORD_USER_SCOPE(kRotaryScope);
    at::mul(square, square);
  }
  const TimeTable table = profile.table();
  EXPECT_EQ(calls_of(table, TimeFor::LinearLayers, "aten::addmm"), 1);
  EXPECT_EQ(calls_of(table, TimeFor::Pointwise, "aten::gelu"), 1);
  EXPECT_EQ(calls_of(table, TimeFor::Copies, "aten::clone"), 1);
  EXPECT_EQ(calls_of(table, TimeFor::Convolutions, "aten::conv2d"), 1);
  EXPECT_EQ(calls_of(table, TimeFor::AttentionProducts, "aten::mm"), 1);
  EXPECT_EQ(calls_of(table, TimeFor::Softmax, "aten::softmax"), 1);
  EXPECT_EQ(calls_of(table, TimeFor::Rotary, "aten::mul"), 1);
}

TEST(OpProfile, TellsTheProductsWithinTheAudioApart) {
  const at::Tensor square = at::ones({64, 64});
  const OpProfile profile(at::kCPU, 1);
  {
    RECORD_USER_SCOPE(kAudioScope);
    at::mm(square, square);
    at::gelu(square);
  }
  const TimeTable table = profile.table();
  EXPECT_GT(table.audio_product_ns, 0);
  EXPECT_LT(table.audio_product_ns, table.ns_for(TimeFor::Audio));
  EXPECT_GT(table.product_share(), 0);
}

TEST(OpProfile, TheSharesOfAllAddUpToTheTimeOfAllThreads) {
  const at::Tensor square = at::ones({64, 64});
  const OpProfile profile(at::kCPU, 2);
  for (int i = 0; i < 10; ++i) at::softmax(at::linear(square, square), -1);
  const TimeTable table = profile.table();
  std::int64_t sum_ns = 0;
  for (std::size_t i = 0; i < kTimesFor; ++i) sum_ns += table.ns_for(static_cast<TimeFor>(i));
  EXPECT_EQ(sum_ns, table.all_ns());
  EXPECT_EQ(table.all_ns(), 2 * table.wall_ns);
  EXPECT_LE(table.product_share(), 1);
}

TEST(OpProfile, SeesComputeThreads) {
  use_compute_threads(3);
  const at::Tensor square = at::ones({64, 64});
  const OpProfile profile(at::kCPU, 3);
  for_each_tile(at::kCPU, 30, [&](std::int64_t) { at::mm(square, square); });
  EXPECT_EQ(calls_of(profile.table(), TimeFor::LinearLayers, "aten::mm"), 30);
  use_compute_threads(1);
}

TEST(OpProfile, IsOverWhenItIsGone) {
  const at::Tensor square = at::ones({8, 8});
  { const OpProfile profile(at::kCPU, 1); }
  at::mm(square, square);
  const OpProfile profile(at::kCPU, 1);
  EXPECT_TRUE(profile.table().ops.empty());
}

}  // namespace
}  // namespace longtake
