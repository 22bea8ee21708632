#include "rank/engine/kernels/layer_norm.h"

#include <gtest/gtest.h>

#include "rank/engine/kernels/quantize_rows.h"
#include "tests/engine/kernels/numbers.h"

namespace longtake {
namespace {

constexpr std::int64_t kTokens = 12, kWidth = 80;

LayerNorm norm_of(at::IntArrayRef shape) {
  return {normal_numbers(3, shape).add(1), normal_numbers(4, shape), 1e-6};
}

at::Tensor hidden() { return normal_numbers(1, {kTokens, kWidth}).mul_(5).add_(30); }

void expect_same(const E4m3Rows& found, const E4m3Rows& expected) {
  EXPECT_TRUE(at::equal(found.bits_TI, expected.bits_TI));
  EXPECT_TRUE(at::equal(found.scale_T, expected.scale_T));
}

TEST(LayerNormE4m3, IsTheNormThenRounded) {
  for (const LayerNorm& norm : {norm_of({kWidth}), norm_of({3, kWidth})}) {
    expect_same(layer_norm_e4m3(hidden(), norm), quantize_rows(layer_norm(hidden(), norm, at::kFloat)));
  }
}

TEST(LayerNormE4m3, AddsToTheHiddenStatesFirst) {
  const LayerNorm norm = norm_of({kWidth});
  const at::Tensor out = normal_numbers(2, {kTokens, kWidth});
  for (const at::Tensor& gate : {normal_numbers(5, {kWidth}), at::Tensor()}) {
    const at::Tensor expected_hidden = hidden(), found_hidden = hidden();
    const at::Tensor normed = add_then_norm(expected_hidden, out, gate, norm);
    expect_same(add_then_norm_e4m3(found_hidden, out, gate, norm), quantize_rows(normed));
    EXPECT_TRUE(at::equal(found_hidden, expected_hidden));
  }
}

TEST(LayerNormE4m3, KeepsFloat32UntilItRounds) {
  const LayerNorm norm = norm_of({kWidth});
  const at::Tensor out = normal_numbers(2, {kTokens, kWidth}, at::kBFloat16);
  const at::Tensor expected_hidden = hidden(), found_hidden = hidden();
  add_(expected_hidden, out);
  expect_same(add_then_norm_e4m3(found_hidden, out, /*gate_D=*/{}, norm),
              quantize_rows(layer_norm(expected_hidden, norm, at::kFloat)));
}

}  // namespace
}  // namespace longtake
