#include "rank/engine/transformer/attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rank/engine/compute_threads.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

struct Inputs {
  at::Tensor q_LHK, k_SHK, v_SHK;
};

Inputs random_inputs(std::int64_t queries, std::int64_t keys, at::ScalarType type = at::kFloat) {
  at::manual_seed(7);
  const std::int64_t heads = 3, width = 16;
  return {at::randn({queries, heads, width}).to(type), at::randn({keys, heads, width}).to(type),
          at::randn({keys, heads, width}).to(type)};
}

/// The formula, in float64.
at::Tensor plain(const Inputs& inputs) {
  const at::Tensor q = inputs.q_LHK.to(at::kDouble).transpose(0, 1);
  const at::Tensor k = inputs.k_SHK.to(at::kDouble).transpose(0, 1);
  const at::Tensor v = inputs.v_SHK.to(at::kDouble).transpose(0, 1);
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(2)));
  return at::matmul(at::softmax(at::matmul(q, k.transpose(1, 2)) * scale, -1), v).transpose(0, 1);
}

at::Tensor tiled(const Inputs& inputs, std::int64_t workspace_bytes) {
  ScoreWorkspace workspace(workspace_bytes);
  const at::Tensor out = at::empty_like(inputs.q_LHK);
  attend(inputs.q_LHK, inputs.k_SHK, inputs.v_SHK, out, workspace);
  return out;
}

TEST(Attention, InTilesOfAnySizeEqualsThePlainFormula) {
  const Inputs inputs = random_inputs(37, 53);
  const at::Tensor expected = plain(inputs);
  for (const std::int64_t rows : {1, 2, 5, 36, 37, 1000}) {
    EXPECT_LT(relative_error(tiled(inputs, rows * 53 * 4), expected), 1e-6) << rows << " queries per tile";
  }
}

TEST(Attention, ReadsAndWritesStridedRowsInPlace) {
  const Inputs inputs = random_inputs(11, 20);
  const at::Tensor wide_k = at::zeros({20, 3, 40}), wide_v = at::zeros({20, 3, 40}),
                   wide_out = at::zeros({11, 3, 40});
  wide_k.narrow(2, 8, 16).copy_(inputs.k_SHK);
  wide_v.narrow(2, 8, 16).copy_(inputs.v_SHK);
  ScoreWorkspace workspace(512);
  attend(inputs.q_LHK, wide_k.narrow(2, 8, 16), wide_v.narrow(2, 8, 16), wide_out.narrow(2, 8, 16),
         workspace);
  EXPECT_LT(relative_error(wide_out.narrow(2, 8, 16), plain(inputs)), 1e-6);
  EXPECT_EQ(wide_out.narrow(2, 0, 8).abs().max().item<float>(), 0.0F);
  EXPECT_EQ(wide_out.narrow(2, 24, 16).abs().max().item<float>(), 0.0F);
}

TEST(Attention, ComputesHalvesInFloat32) {
  const Inputs inputs = random_inputs(9, 30, at::kBFloat16);
  EXPECT_LT(relative_error(tiled(inputs, 1 << 12), plain(inputs)), 4e-3);
}

TEST(Attention, ItsWorkspaceDoesNotGrowWithTheQueries) {
  ScoreWorkspace workspace(1 << 12);
  const std::int64_t threads = compute_threads();
  for (const std::int64_t queries : {10, 100, 1000}) {
    const Inputs inputs = random_inputs(queries, 100);
    const at::Tensor out = at::empty_like(inputs.q_LHK);
    attend(inputs.q_LHK, inputs.k_SHK, inputs.v_SHK, out, workspace);
    EXPECT_EQ(workspace.bytes(), threads << 12) << queries;
  }
}

TEST(Attention, StaysFiniteForLargeScores) {
  Inputs inputs = random_inputs(4, 6);
  inputs.q_LHK *= 1000;
  const at::Tensor out = tiled(inputs, 1 << 12);
  EXPECT_TRUE(out.isfinite().all().item<bool>());
  EXPECT_LT(relative_error(out, plain(inputs)), 1e-4);
}

}  // namespace
}  // namespace longtake
