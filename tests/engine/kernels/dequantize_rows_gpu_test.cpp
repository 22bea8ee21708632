#include "rank/engine/kernels/dequantize_rows.h"

#include <gtest/gtest.h>

#include "rank/engine/kernels/quantize_rows.h"
#include "tests/engine/gpu/skip_without_gpu.h"
#include "tests/engine/kernels/numbers.h"

namespace longtake {
namespace {

E4m3Rows on_gpu(const E4m3Rows& rows) { return {rows.bits_TI.cuda(), rows.scale_T.cuda()}; }

/// Rows, width, numbers.
using Case = std::tuple<std::int64_t, std::int64_t, at::ScalarType>;

class DequantizeRowsOnGpu : public testing::TestWithParam<Case> {};

TEST_P(DequantizeRowsOnGpu, GivesTheBitsOfTheCpu) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const auto [count, width, type] = GetParam();
  const E4m3Rows rows =
      quantize_rows(normal_numbers(1, {count, width}) * normal_numbers(2, {count, 1}).exp());
  const at::Tensor expected = at::empty({count, width}, type);
  dequantize_rows_into(expected, rows);
  const at::Tensor found = at::empty({count, width}, at::TensorOptions(type).device(at::kCUDA));
  dequantize_rows_into(found, on_gpu(rows));
  EXPECT_TRUE(at::equal(found.cpu(), expected));
}

// The 14 B model's window and sink, the bundled one's tokens, and rows without whole packets.
INSTANTIATE_TEST_SUITE_P(Shapes, DequantizeRowsOnGpu,
                         testing::Combine(testing::Values(1, 7, 3375), testing::Values(1, 24, 257, 384, 5120),
                                          testing::Values(at::kFloat, at::kBFloat16, at::kHalf)));

TEST(DequantizeRowsOnGpu, KnowsEveryValueOfTheFormat) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const at::Tensor bits = at::arange(256, at::kByte).view({1, 256});
  const E4m3Rows rows = {bits, at::ones({1})};
  const at::Tensor expected = at::empty({1, 256}), found = at::empty({1, 256}, at::kCUDA);
  dequantize_rows_into(expected, rows);
  dequantize_rows_into(found, on_gpu(rows));
  EXPECT_TRUE(at::allclose(found.cpu(), expected, 0, 0, /*equal_nan=*/true));
  EXPECT_EQ(expected.isnan().sum().item<int>(), 2);
}

TEST(DequantizeRowsOnGpu, WritesItsRowsOnly) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const at::Tensor room = at::full({6, 64}, 7, at::TensorOptions(at::kFloat).device(at::kCUDA));
  const E4m3Rows rows = on_gpu(quantize_rows(normal_numbers(3, {6, 64})));
  dequantize_rows_into(room.narrow(0, 2, 3), {rows.bits_TI.narrow(0, 1, 3), rows.scale_T.narrow(0, 1, 3)});
  EXPECT_TRUE((room.narrow(0, 0, 2) == 7).all().item<bool>());
  EXPECT_TRUE((room[5] == 7).all().item<bool>());
  EXPECT_FALSE((room.narrow(0, 2, 3) == 7).any().item<bool>());
}

}  // namespace
}  // namespace longtake
