#include "rank/engine/transformer/hidden_states.h"

#include <gtest/gtest.h>

#include "rank/engine/kernels/quantize_rows.h"

namespace longtake {
namespace {

constexpr std::int64_t kTokens = 6, kWidth = 32;

class HiddenStatesTest : public testing::Test {
 protected:
  HiddenStatesTest() {
    at::manual_seed(1);
    begin_TD = at::randn({kTokens, kWidth}) * 3;
    out_TD = at::randn({kTokens, kWidth});
    gate_D = at::randn({kWidth});
    norm = {at::randn({kWidth}), at::randn({kWidth}), 1e-6};
    reader = {at::randn({kWidth, kWidth}), at::randn({kWidth})};
  }

  HiddenStates states() const { return HiddenStates(begin_TD.clone()); }

  at::Tensor begin_TD, out_TD, gate_D;
  LayerNorm norm;
  Linear reader;
};

TEST_F(HiddenStatesTest, AreNormedWithWhatWasAdded) {
  HiddenStates hidden = states();
  hidden.add(out_TD, gate_D);
  const LinearInput normed = hidden.normed_for(reader, norm);
  const at::Tensor sum_TD = begin_TD.addcmul(out_TD, gate_D);
  EXPECT_TRUE(at::equal(std::get<at::Tensor>(normed), layer_norm(sum_TD, norm, at::kFloat)));
  EXPECT_TRUE(at::equal(hidden.sum_TD(), sum_TD)) << "and once only";
}

TEST_F(HiddenStatesTest, AreNormedAsTheyAreWhenNothingWasAdded) {
  const LinearInput normed = states().normed_for(reader, norm);
  EXPECT_TRUE(at::equal(std::get<at::Tensor>(normed), layer_norm(begin_TD, norm, at::kFloat)));
}

TEST_F(HiddenStatesTest, TakeOneAdditionAfterAnother) {
  HiddenStates hidden = states();
  hidden.add(out_TD, gate_D);
  hidden.add(out_TD);
  EXPECT_TRUE(at::equal(hidden.sum_TD(), begin_TD.addcmul(out_TD, gate_D).add(out_TD)));
}

TEST_F(HiddenStatesTest, AreRoundedForAMatrixInFp8Only) {
  for (const at::ScalarType numbers : {at::kByte, at::kChar}) {
    const Linear eight_bits = {at::zeros({kWidth, kWidth}, numbers), at::zeros({kWidth}), at::ones({kWidth})};
    HiddenStates hidden = states();
    hidden.add(out_TD);
    const LinearInput normed = hidden.normed_for(eight_bits, norm);
    EXPECT_EQ(tokens_of(normed), kTokens);
    const auto* const rows = std::get_if<E4m3Rows>(&normed);
    ASSERT_EQ(rows != nullptr, numbers == at::kByte);
    if (rows == nullptr) continue;
    const E4m3Rows expected = quantize_rows(layer_norm(begin_TD + out_TD, norm, at::kFloat));
    EXPECT_TRUE(at::equal(rows->bits_TI, expected.bits_TI));
    EXPECT_TRUE(at::equal(rows->scale_T, expected.scale_T));
  }
}

}  // namespace
}  // namespace longtake
