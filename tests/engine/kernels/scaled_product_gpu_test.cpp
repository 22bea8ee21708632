#include "rank/engine/kernels/scaled_product.h"

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "rank/engine/kernels/activation.h"
#include "rank/engine/kernels/dequantize_rows.h"
#include "rank/engine/kernels/quantize_rows.h"
#include "tests/engine/gpu/skip_without_gpu.h"

namespace longtake {
namespace {

double relative_error(const at::Tensor& out, const at::Tensor& expected) {
  const at::Tensor difference = out.to(at::kDouble).cpu() - expected.to(at::kDouble).cpu();
  return difference.norm().item<double>() / expected.to(at::kDouble).cpu().norm().item<double>();
}

/// Rows, width, numbers.
using RowsCase = std::tuple<std::int64_t, std::int64_t, at::ScalarType>;

class QuantizeRows : public testing::TestWithParam<RowsCase> {};

TEST_P(QuantizeRows, GivesTheBitsOfTheCpu) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const auto [rows, width, type] = GetParam();
  at::manual_seed(1);
  at::Tensor x = (at::randn({rows, width}) * at::randn({rows, 1}).exp()).to(type);
  x[0].zero_();
  const E4m3Rows expected = quantize_rows(x);
  const E4m3Rows found = quantize_rows(x.cuda());
  EXPECT_TRUE(at::equal(found.bits_TI.cpu(), expected.bits_TI));
  EXPECT_TRUE(at::equal(found.scale_T.cpu(), expected.scale_T));
}

INSTANTIATE_TEST_SUITE_P(Shapes, QuantizeRows,
                         testing::Combine(testing::Values(1, 7, 3375),
                                          testing::Values(1, 257, 1000, 5120, 13824, 40000),
                                          testing::Values(at::kFloat, at::kBFloat16, at::kHalf)));

TEST(QuantizeRows, TakesRowsOfAWiderTensorAndOddPlaces) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  at::manual_seed(2);
  const at::Tensor wide = at::randn({33, 5121}).to(at::kBFloat16);
  for (const std::int64_t first : {0, 1, 8}) {
    const at::Tensor x = wide.narrow(1, first, 5104);
    const E4m3Rows expected = quantize_rows(x);
    const E4m3Rows found = quantize_rows(wide.cuda().narrow(1, first, 5104));
    EXPECT_TRUE(at::equal(found.bits_TI.cpu(), expected.bits_TI)) << "from " << first;
    EXPECT_TRUE(at::equal(found.scale_T.cpu(), expected.scale_T)) << "from " << first;
  }
}

TEST(QuantizeRows, KeepsNanAndTheLargest) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  at::Tensor x = at::ones({2, 32});
  x[0][3] = std::nanf("");
  x[1][5] = -65504;
  const E4m3Rows expected = quantize_rows(x);
  const E4m3Rows found = quantize_rows(x.cuda());
  EXPECT_TRUE(at::equal(found.bits_TI.cpu(), expected.bits_TI));
  EXPECT_EQ(found.bits_TI[0][3].item<int>() & 0x7F, 0x7F);
}

struct OfGelu {
  E4m3Rows one_after_the_other;
  E4m3Rows at_once;
};

/// Of normal numbers three times as wide.
OfGelu rounded_gelu(std::int64_t rows, std::int64_t width, at::ScalarType type) {
  at::manual_seed(4);
  const at::Tensor x = (at::randn({rows, width}) * 3).to(type).cuda();
  const at::Tensor activated = x.clone();
  gelu_(activated);
  return {quantize_rows(activated), quantize_rows(x, RowFunction::Gelu)};
}

/// Rows of whole octets: GELU alone is LibTorch's for others, which rounds elsewhere.
class QuantizeOctets : public QuantizeRows {};

INSTANTIATE_TEST_SUITE_P(Shapes, QuantizeOctets,
                         testing::Combine(testing::Values(1, 7, 3375),
                                          testing::Values(1000, 5120, 13824, 40000),
                                          testing::Values(at::kFloat, at::kBFloat16, at::kHalf)));

TEST_P(QuantizeOctets, OfGeluIsOneAfterTheOther) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const auto [rows, width, type] = GetParam();
  const auto [expected, found] = rounded_gelu(rows, width, type);
  // A compiler may join a product and a sum in one kernel and not in the other.
  const double others = (found.bits_TI != expected.bits_TI).to(at::kDouble).mean().item<double>();
  EXPECT_LT(others, 1e-4);
  EXPECT_LT(relative_error(found.scale_T, expected.scale_T), 1e-6);
}

at::Tensor values_of(const E4m3Rows& rows) {
  const at::Tensor values = at::empty(rows.bits_TI.sizes(), rows.scale_T.options());
  dequantize_rows_into(values, rows);
  return values.cpu();
}

TEST_P(QuantizeRows, OfGeluIsNearOneAfterTheOther) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const auto [rows, width, type] = GetParam();
  const OfGelu rounded = rounded_gelu(rows, width, type);
  const at::Tensor expected = values_of(rounded.one_after_the_other), found = values_of(rounded.at_once);
  // E4M3 itself is off by 2.6 %; a row of one number may have next to nothing left.
  EXPECT_LT((found - expected).norm().item<double>(), 0.03 * expected.norm().item<double>() + 1e-3);
}

#define LONGTAKE_SKIP_WITHOUT_FP8()                                                      \
  LONGTAKE_SKIP_WITHOUT_GPU();                                                           \
  if (const std::string reason = why_no_scaled_product({at::kCUDA, 0}); !reason.empty()) \
  GTEST_SKIP() << reason

/// Tokens, inputs, outputs, numbers of the result.
using ProductCase = std::tuple<std::int64_t, std::int64_t, std::int64_t, at::ScalarType>;

class ScaledProduct : public testing::TestWithParam<ProductCase> {};

// Fast accumulation drops bits of partial sums: within a few bfloat16 roundings of the CPU's float32 sums.
TEST_P(ScaledProduct, IsThatOfTheCpu) {
  LONGTAKE_SKIP_WITHOUT_FP8();
  const auto [tokens, inputs, outputs, type] = GetParam();
  at::manual_seed(3);
  const E4m3Rows x = quantize_rows(at::randn({tokens, inputs}));
  const E4m3Rows w = quantize_rows(at::randn({outputs, inputs}) / std::sqrt(static_cast<double>(inputs)));
  const at::Tensor bias = at::randn({outputs}).to(type);
  const at::Tensor expected = at::empty({tokens, outputs}, at::kFloat);
  scaled_product_into(expected, x, w, bias.to(at::kFloat));
  const at::Tensor found = at::empty({tokens, outputs}, at::TensorOptions(type).device(at::kCUDA));
  scaled_product_into(found, {x.bits_TI.cuda(), x.scale_T.cuda()}, {w.bits_TI.cuda(), w.scale_T.cuda()},
                      bias.cuda());
  const double error = relative_error(found, expected);
  RecordProperty("relative_error", std::to_string(error));
  std::cout << "relative error against the CPU's sums " << error << "\n";
  EXPECT_LT(error, 6e-3);
}

INSTANTIATE_TEST_SUITE_P(Shapes, ScaledProduct,
                         testing::Values(ProductCase{3, 5120, 5120, at::kBFloat16},
                                         ProductCase{1, 64, 160, at::kBFloat16},
                                         ProductCase{384, 5120, 13824, at::kBFloat16},
                                         ProductCase{257, 13824, 5120, at::kBFloat16},
                                         ProductCase{257, 5120, 512, at::kHalf},
                                         ProductCase{257, 5120, 512, at::kFloat}));

/// What eight bits cost: against the same product in float32.
TEST(ScaledProduct, OfNormalNumbersIsWithinFourPercentOfFloat32) {
  LONGTAKE_SKIP_WITHOUT_FP8();
  at::manual_seed(4);
  const auto gpu = at::TensorOptions(at::kFloat).device(at::kCUDA);
  const at::Tensor x = at::randn({3375, 5120}, gpu), w = at::randn({5120, 5120}, gpu) / std::sqrt(5120.0);
  const at::Tensor bias = at::zeros({5120}, gpu.dtype(at::kBFloat16));
  const at::Tensor found = at::empty({3375, 5120}, gpu.dtype(at::kBFloat16));
  scaled_product_into(found, quantize_rows(x.to(at::kBFloat16)), quantize_rows(w), bias);
  const double error = relative_error(found, at::mm(x, w.t()));
  std::cout << "fp8: relative error against float32 " << error << "\n";
  EXPECT_LT(error, 0.04);
}

}  // namespace
}  // namespace longtake
