#include "rank/engine/transformer/eight_bit_matrix.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "jobs/error.h"
#include "rank/engine/e4m3.h"
#include "rank/engine/kernels/quantize_rows.h"
#include "rank/engine/transformer/linear.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::HasSubstr;

at::Tensor numbers_of(const E4m3Rows& rows) {
  at::Tensor numbers_TI = at::empty(rows.bits_TI.sizes(), at::kFloat);
  for (std::int64_t i = 0; i < numbers_TI.numel(); ++i) {
    numbers_TI.data_ptr<float>()[i] = e4m3_values()[rows.bits_TI.data_ptr<std::uint8_t>()[i]];
  }
  return numbers_TI * rows.scale_T.unsqueeze(1);
}

at::Tensor numbers_of(const EightBitMatrix& matrix) {
  if (matrix.numbers_OI.scalar_type() == at::kByte) {
    return numbers_of(E4m3Rows{matrix.numbers_OI, matrix.scale_O});
  }
  return matrix.numbers_OI.to(at::kFloat) * matrix.scale_O.unsqueeze(1);
}

TEST(E4m3, GivesBackEveryValueOfTheFormat) {
  for (int bits = 0; bits < 256; ++bits) {
    const float value = e4m3_values()[static_cast<std::size_t>(bits)];
    if (std::isnan(value)) {
      EXPECT_EQ(e4m3_of(value), 0x7F);
    } else {
      EXPECT_EQ(e4m3_of(value), bits) << value;
    }
  }
}

TEST(E4m3, RoundsToTheNearestAndFromTheMiddleToTheEvenOne) {
  for (int bits = 0; bits < 0x7E; ++bits) {
    const float below = e4m3_values()[static_cast<std::size_t>(bits)];
    const float above = e4m3_values()[static_cast<std::size_t>(bits + 1)];
    const float middle = (below + above) / 2;
    EXPECT_EQ(e4m3_of(middle), bits % 2 == 0 ? bits : bits + 1) << middle;
    EXPECT_EQ(e4m3_of(std::nextafter(middle, 0.0F)), bits) << middle;
    EXPECT_EQ(e4m3_of(std::nextafter(middle, 500.0F)), bits + 1) << middle;
    EXPECT_EQ(e4m3_of(-middle), 0x80 | (bits % 2 == 0 ? bits : bits + 1)) << middle;
  }
}

TEST(E4m3, KeepsWhatIsTooLargeAtTheLargest) {
  EXPECT_EQ(e4m3_of(449), 0x7E);
  EXPECT_EQ(e4m3_of(-1e30F), 0xFE);
  EXPECT_EQ(e4m3_of(std::numeric_limits<float>::infinity()), 0x7E);
}

TEST(QuantizeRows, ScalesEachRowToTheWholeFormat) {
  at::manual_seed(1);
  at::Tensor x = at::randn({5, 40}) * at::tensor({1e-6, 1e-3, 1.0, 1e3, 0.0}).unsqueeze(1).to(at::kFloat);
  const E4m3Rows rows = quantize_rows(x);
  EXPECT_TRUE(at::allclose(rows.scale_T.narrow(0, 0, 4), x.abs().amax(1).narrow(0, 0, 4) / 448));
  // Half a step of 3 bits of mantissa; below the least normal number half a step of it.
  const at::Tensor bound = x.abs() / 16 + rows.scale_T.unsqueeze(1) / 1024;
  EXPECT_TRUE(((numbers_of(rows) - x).abs() <= bound * 1.0001).all().item<bool>());
  EXPECT_EQ(numbers_of(rows)[4].abs().max().item<float>(), 0);
}

TEST(QuantizeRows, TakesTheSameNumbersInAnyType) {
  at::manual_seed(2);
  const at::Tensor x = at::randn({3, 32}).to(at::kBFloat16);
  EXPECT_TRUE(at::equal(quantize_rows(x).bits_TI, quantize_rows(x.to(at::kFloat)).bits_TI));
}

class EightBits : public testing::TestWithParam<Precision> {
 protected:
  Weights weights(std::map<std::string, at::Tensor> tensors, at::ScalarType type = at::kFloat) const {
    return weights_of(std::move(tensors), {type, at::kCPU, GetParam()});
  }
};

TEST_P(EightBits, AProductIsThatOfTheRoundedNumbers) {
  at::manual_seed(3);
  const at::Tensor x = at::randn({401, 64}), weight = at::randn({1040, 64}), bias = at::randn({1040});
  const Linear linear = take_large_linear(weights({{"a.weight", weight}, {"a.bias", bias}}), "a", 64, 1040);
  const at::Tensor w = numbers_of(EightBitMatrix{linear.weight_OI, linear.scale_O});
  const at::Tensor rounded_x = GetParam() == Precision::Fp8 ? numbers_of(quantize_rows(x)) : x;
  EXPECT_LT(relative_error(linear(x), at::addmm(bias, rounded_x, w.t())), 1e-6);
  const double error = relative_error(linear(x), at::addmm(bias, x, weight.t()));
  EXPECT_LT(error, GetParam() == Precision::Fp8 ? 0.04 : 0.01);
}

TEST_P(EightBits, TheMatrixIsRoundedOnceFromTheTypeItIsStoredIn) {
  at::manual_seed(4);
  const at::Tensor weight = at::randn({16, 32});
  const EightBitMatrix from_float =
      take_eight_bit_matrix(weights({{"w", weight}}, at::kBFloat16), "w", 32, 16);
  const EightBitMatrix expected = take_eight_bit_matrix(weights({{"w", weight}}), "w", 32, 16);
  EXPECT_TRUE(at::equal(from_float.numbers_OI, expected.numbers_OI));
  EXPECT_EQ(from_float.numbers_OI.element_size(), 1);
  EXPECT_EQ(from_float.scale_O.scalar_type(), at::kFloat);
}

TEST_P(EightBits, RefusesSidesThatAGpuCannotMultiply) {
  try {
    take_eight_bit_matrix(weights({{"blocks.0.q.weight", at::ones({16, 24})}}), "blocks.0.q.weight", 24, 16);
    FAIL() << "took it";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::InvalidInput);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("multiples of 16"), HasSubstr("'blocks.0.q.weight' is 16 x 24"),
                                    HasSubstr("write precision: auto")));
  }
}

TEST_P(EightBits, ARowOfZerosStaysOne) {
  const EightBitMatrix matrix = take_eight_bit_matrix(weights({{"w", at::zeros({16, 16})}}), "w", 16, 16);
  EXPECT_TRUE(at::equal(numbers_of(matrix), at::zeros({16, 16})));
}

INSTANTIATE_TEST_SUITE_P(Both, EightBits, testing::Values(Precision::Fp8, Precision::Int8),
                         [](const auto& tested) { return std::string(name_of(tested.param)); });

}  // namespace
}  // namespace longtake
