#include "rank/engine/kernels/product_proposals.h"

#include <gmock/gmock.h>

#include <cmath>

#include "rank/engine/kernels/activation.h"
#include "rank/engine/kernels/quantize_rows.h"
#include "rank/engine/kernels/scaled_product.h"
#include "tests/engine/gpu/skip_without_gpu.h"
#include "tests/engine/kernels/numbers.h"

namespace longtake {
namespace {

constexpr std::int64_t kTokens = 515, kInputs = 512, kOutputs = 768;
constexpr std::int64_t kWorkspace = 4 << 20;
constexpr int kMost = 4;

at::Tensor matrix() {
  return normal_numbers(2, {kOutputs, kInputs}).div_(std::sqrt(static_cast<double>(kInputs)));
}

at::Tensor room() {
  return at::empty({kTokens, kOutputs}, at::TensorOptions(at::kBFloat16).device(at::kCUDA));
}

void expect_each_near(const AskedProduct& asked, const at::Tensor& expected) {
  const ProductProposals proposals(asked, kWorkspace, kMost);
  ASSERT_GT(proposals.size(), 0);
  ASSERT_LE(proposals.size(), kMost);
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    asked.out_TO.zero_();
    ASSERT_TRUE(proposals.compute(i, asked.w_OI)) << proposals.text_of(i);
    EXPECT_LT(distance(asked.out_TO, expected), 6e-3) << proposals.text_of(i);
    EXPECT_THAT(proposals.text_of(i), testing::HasSubstr("tile "));
  }
}

TEST(ProductProposals, AllComputeTheProduct) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const at::Tensor x = normal_numbers(1, {kTokens, kInputs}, at::kBFloat16);
  const at::Tensor w = matrix().to(at::kBFloat16), bias = normal_numbers(3, {kOutputs}, at::kBFloat16);
  const at::Tensor expected = at::addmm(bias.to(at::kFloat), x.to(at::kFloat), w.to(at::kFloat).t());
  expect_each_near({room(), x.cuda(), w.cuda(), bias.cuda()}, expected);
  gelu_(expected);
  expect_each_near({room(), x.cuda(), w.cuda(), bias.cuda(), /*with_gelu=*/true}, expected);
}

TEST(ProductProposals, AllComputeTheProductOfFp8) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  if (const std::string reason = why_no_scaled_product({at::kCUDA, 0}); !reason.empty())
    GTEST_SKIP() << reason;
  const E4m3Rows x = quantize_rows(normal_numbers(1, {kTokens, kInputs})), w = quantize_rows(matrix());
  const at::Tensor bias = normal_numbers(3, {kOutputs}, at::kBFloat16);
  const at::Tensor expected = at::empty({kTokens, kOutputs});
  scaled_product_into(expected, x, w, bias.to(at::kFloat));
  expect_each_near({room(), x.bits_TI.cuda(), w.bits_TI.cuda(), bias.cuda(), /*with_gelu=*/false,
                    x.scale_T.cuda(), w.scale_T.cuda()},
                   expected);
}

}  // namespace
}  // namespace longtake
