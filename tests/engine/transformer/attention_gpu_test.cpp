#include <gtest/gtest.h>

#include <cmath>

#include "rank/engine/transformer/fused_attention.h"
#include "tests/engine/gpu/skip_without_gpu.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

/// The formula, in float64 on the GPU.
at::Tensor plain(const at::Tensor& q_BLHK, const at::Tensor& k_BSHK, const at::Tensor& v_BSHK) {
  const auto wide = [](const at::Tensor& x) { return x.to(at::kDouble).transpose(1, 2); };
  const double scale = 1.0 / std::sqrt(static_cast<double>(q_BLHK.size(3)));
  const at::Tensor scores = at::matmul(wide(q_BLHK), wide(k_BSHK).transpose(2, 3)) * scale;
  return at::matmul(at::softmax(scores, -1), wide(v_BSHK)).transpose(1, 2);
}

/// Parts, queries, keys, heads, head width.
struct Shape {
  std::int64_t parts, queries, keys, heads, width;
};

class AttentionOnGpu : public testing::TestWithParam<Shape> {
 protected:
  void expect_exact(at::ScalarType type, double tolerance) const {
    const Shape& shape = GetParam();
    at::manual_seed(7);
    const auto random = [&](std::int64_t tokens) {
      return at::randn({shape.parts, tokens, shape.heads, shape.width}).to(at::kCUDA, type);
    };
    const at::Tensor q = random(shape.queries);
    // A ring that is not full: more rows than are seen.
    const at::Tensor keys = random(shape.keys + 5).narrow(1, 0, shape.keys);
    const at::Tensor values = random(shape.keys + 5).narrow(1, 0, shape.keys);
    const at::Tensor out = fused_attention(q, keys, values);
    EXPECT_EQ(out.scalar_type(), type);
    EXPECT_TRUE(out.is_contiguous());
    EXPECT_LT(relative_error(out, plain(q, keys, values)), tolerance);
    EXPECT_TRUE(at::equal(out, fused_attention(q, keys, values))) << "another run, other bits";
  }
};

TEST_P(AttentionOnGpu, EqualsTheFormulaInFloat32) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  expect_exact(at::kFloat, 1e-5);
}

TEST_P(AttentionOnGpu, EqualsTheFormulaInHalves) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  expect_exact(at::kBFloat16, 8e-3);
  expect_exact(at::kHalf, 1e-3);
}

// A block of the 14 B model (fewer heads), with a full window, with whole tiles of keys, and its text; a
// block of thrice the tokens, whose last queries are taken apart, with uneven and whole tiles of keys; the
// audio of three frames; the bundled model; a head without whole octets.
INSTANTIATE_TEST_SUITE_P(Shapes, AttentionOnGpu,
                         testing::Values(Shape{1, 1125, 3900, 4, 128}, Shape{1, 1125, 16278, 4, 128},
                                         Shape{1, 1125, 16256, 4, 128}, Shape{1, 1125, 512, 4, 128},
                                         Shape{1, 3375, 16278, 4, 128}, Shape{1, 2049, 4096, 4, 128},
                                         Shape{3, 375, 5, 4, 128}, Shape{1, 72, 130, 4, 16},
                                         Shape{1, 30, 70, 2, 12}, Shape{2, 24, 5, 4, 16}));

}  // namespace
}  // namespace longtake
