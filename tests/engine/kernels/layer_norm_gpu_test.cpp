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

/// The last bits of float32 decide what a number in the middle of two becomes, and no more.
void expect_near(const E4m3Rows& found, const E4m3Rows& expected) {
  const at::Tensor differ = found.bits_TI.cpu() != expected.bits_TI;
  EXPECT_LE(differ.sum().item<std::int64_t>(), 2 + differ.numel() / 1000);
  EXPECT_LT(distance(found.scale_T, expected.scale_T), 1e-5);
}

TEST_P(LayerNormOnGpu, RoundsToE4m3AsTheCpuDoes) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const LayerNorm norm = norm_of({width()});
  expect_near(layer_norm_e4m3(hidden().cuda(), on_gpu(norm)), layer_norm_e4m3(hidden(), norm));
  const LayerNorm of_parts = norm_of({3, width()});
  const at::Tensor x = normal_numbers(1, {3 * tokens(), width()});
  expect_near(layer_norm_e4m3(x.cuda(), on_gpu(of_parts)), layer_norm_e4m3(x, of_parts));
}

TEST_P(LayerNormOnGpu, AddsNormsAndRoundsInOnePass) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const LayerNorm norm = norm_of({width()});
  for (const at::Tensor& gate : {normal_numbers(5, {width()}), at::Tensor()}) {
    const at::Tensor expected_hidden = hidden(), gpu_hidden = hidden().cuda();
    const E4m3Rows expected = add_then_norm_e4m3(expected_hidden, out(), gate, norm);
    const at::Tensor gpu_gate = gate.defined() ? gate.cuda() : gate;
    expect_near(add_then_norm_e4m3(gpu_hidden, out().cuda(), gpu_gate, on_gpu(norm)), expected);
    EXPECT_LT(distance(gpu_hidden, expected_hidden), 1e-6);
  }
}

TEST(LayerNormE4m3OnGpu, ARowOfZerosStaysOneInE4m3) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const LayerNorm norm = {at::ones({64}), at::zeros({64}), kEps};
  const E4m3Rows rows = layer_norm_e4m3(at::full({3, 64}, 2.0F).cuda(), on_gpu(norm));
  EXPECT_FALSE(rows.bits_TI.any().item<bool>());
  EXPECT_TRUE(rows.scale_T.isfinite().all().item<bool>());
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
