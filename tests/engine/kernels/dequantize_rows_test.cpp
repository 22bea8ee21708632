#include "rank/engine/kernels/dequantize_rows.h"

#include <gtest/gtest.h>

#include "rank/engine/kernels/quantize_rows.h"
#include "tests/engine/kernels/numbers.h"

namespace longtake {
namespace {

at::Tensor numbers_of(const E4m3Rows& rows, at::ScalarType type = at::kFloat) {
  const at::Tensor out_TI = at::empty(rows.bits_TI.sizes(), type);
  dequantize_rows_into(out_TI, rows);
  return out_TI;
}

TEST(DequantizeRows, MultipliesEachValueWithItsRowsScale) {
  const at::Tensor bits = at::tensor({0x38, 0xB8, 0x7E, 0x38, 0x01, 0x00}).to(at::kByte).view({2, 3});
  const at::Tensor expected = at::tensor({2.0F, -2.0F, 896.0F, 0.5F, 0.5F / 512, 0.0F}).view({2, 3});
  EXPECT_TRUE(at::equal(numbers_of({bits, at::tensor({2.0F, 0.5F})}), expected));
}

TEST(DequantizeRows, IsWithinTheRoundingOfWhatWasRounded) {
  const at::Tensor x = normal_numbers(1, {130, 40});
  EXPECT_LT(distance(numbers_of(quantize_rows(x)), x), 0.03);
}

TEST(DequantizeRows, GivesWhatItIsGivenBackBitForBit) {
  const E4m3Rows once = quantize_rows(normal_numbers(2, {5, 48}));
  EXPECT_TRUE(at::equal(quantize_rows(numbers_of(once)).bits_TI, once.bits_TI));
}

TEST(DequantizeRows, RoundsToOtherTypesOnce) {
  const E4m3Rows rows = quantize_rows(normal_numbers(3, {70, 24}));
  for (const at::ScalarType type : {at::kBFloat16, at::kHalf}) {
    EXPECT_TRUE(at::equal(numbers_of(rows, type), numbers_of(rows).to(type))) << type;
  }
}

}  // namespace
}  // namespace longtake
