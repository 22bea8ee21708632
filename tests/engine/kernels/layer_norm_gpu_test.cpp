#include "rank/engine/kernels/layer_norm.h"

#include <gtest/gtest.h>

#include "rank/engine/kernels/fused.h"
#include "tests/engine/gpu/skip_without_gpu.h"
#include "tests/engine/kernels/numbers.h"

namespace longtake {
namespace {

constexpr double kEps = 1e-6;

LayerNorm on_gpu(const LayerNorm& norm) { return {norm.gain_FD.cuda(), norm.shift_FD.cuda(), norm.eps}; }

LayerNorm norm_of(at::IntArrayRef shape) {
  return {normal_numbers(3, shape).add(1), normal_numbers(4, shape), kEps};
}

/// Tokens, width, type of what a part of a layer reads and writes.
using Case = std::tuple<std::int64_t, std::int64_t, at::ScalarType>;

class LayerNormOnGpu : public testing::TestWithParam<Case> {
 protected:
  std::int64_t tokens() const { return std::get<0>(GetParam()); }
  std::int64_t width() const { return std::get<1>(GetParam()); }
  at::ScalarType type() const { return std::get<2>(GetParam()); }

  /// Far from zero, as hidden states are.
  at::Tensor hidden() const { return normal_numbers(1, {tokens(), width()}).mul_(5).add_(30); }
  at::Tensor out() const { return normal_numbers(2, {tokens(), width()}, type()); }
};

TEST_P(LayerNormOnGpu, NormsAsTheCpuDoes) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const LayerNorm norm = norm_of({width()});
  const at::Tensor expected = layer_norm(hidden(), norm, at::kFloat);
  const at::Tensor normed = layer_norm(hidden().cuda(), on_gpu(norm), type());
  EXPECT_EQ(normed.scalar_type(), type());
  EXPECT_LT(distance(normed, expected), 10 * rounding_of(type()));
}

TEST_P(LayerNormOnGpu, GivesEachPartOfTheTokensItsOwnGain) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const LayerNorm norm = norm_of({3, width()});
  const at::Tensor x = normal_numbers(1, {3 * tokens(), width()});
  const at::Tensor normed = layer_norm(x.cuda(), on_gpu(norm), type());
  EXPECT_LT(distance(normed, layer_norm(x, norm, at::kFloat)), rounding_of(type()));
}

TEST_P(LayerNormOnGpu, AddsAndNormsInOnePass) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const LayerNorm norm = norm_of({width()});
  for (const at::Tensor& gate : {normal_numbers(5, {width()}), at::Tensor()}) {
    const at::Tensor expected_hidden = hidden(), gpu_hidden = hidden().cuda();
    const at::Tensor expected = add_then_norm(expected_hidden, out().to(at::kFloat), gate, norm);
    const at::Tensor gpu_gate = gate.defined() ? gate.cuda() : gate;
    const at::Tensor normed = add_then_norm(gpu_hidden, out().cuda(), gpu_gate, on_gpu(norm));
    EXPECT_LT(distance(gpu_hidden, expected_hidden), 1e-6);
    EXPECT_LT(distance(normed, expected), 10 * rounding_of(type()));
  }
}

TEST_P(LayerNormOnGpu, AddsWithAndWithoutAGate) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const at::Tensor gate = normal_numbers(5, {width()});
  const at::Tensor expected = hidden(), result = hidden().cuda();
  add_gated_(expected, out(), gate);
  add_(expected, out());
  add_gated_(result, out().cuda(), gate.cuda());
  add_(result, out().cuda());
  EXPECT_LT(distance(result, expected), 1e-6);
}

TEST_P(LayerNormOnGpu, IsTheSameInEveryRun) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const LayerNorm norm = on_gpu(norm_of({width()}));
  const at::Tensor x = hidden().cuda();
  EXPECT_TRUE(at::equal(layer_norm(x, norm, type()), layer_norm(x, norm, type())));
}

// 5120: the 14 B model's; 64: the bundled one's; 30: no whole octets; 20000: more than the threads of a
// block.
INSTANTIATE_TEST_SUITE_P(Shapes, LayerNormOnGpu,
                         testing::Combine(testing::Values(1, 7, 300),
                                          testing::Values(30, 64, 1000, 5120, 20000),
                                          testing::Values(at::kFloat, at::kBFloat16, at::kHalf)));

TEST(Kernels, SuitOctetsInAlignedRowsOnAGpu) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const at::Tensor x = at::zeros({4, 48}, at::TensorOptions(at::kCUDA).dtype(at::kBFloat16));
  EXPECT_TRUE(suits_kernels({x, at::Tensor(), x.narrow(1, 8, 16)}));
  EXPECT_FALSE(suits_kernels({x.cpu()}));
  EXPECT_FALSE(suits_kernels({x.narrow(1, 0, 20)}));
  EXPECT_FALSE(suits_kernels({x.narrow(1, 4, 16)}));
  EXPECT_FALSE(suits_kernels({x.t()}));
  EXPECT_FALSE(suits_kernels({x.to(at::kDouble)}));
}

}  // namespace
}  // namespace longtake
