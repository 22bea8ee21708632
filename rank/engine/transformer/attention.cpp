#include "rank/engine/transformer/attention.h"

#include <algorithm>
#include <cmath>

#include "rank/engine/compute_threads.h"
#include "rank/engine/profile_scopes.h"
#include "rank/engine/vector_math.h"

namespace longtake {
namespace {

constexpr std::int64_t kScoreBytes = sizeof(float);

/// The scores' exponentials, and for each query what makes their sum 1: to multiply the gathered values with
/// it is less work than to do so with the scores.
at::Tensor softmax_L1(const at::Tensor& scores_LS) {
  RECORD_USER_SCOPE(kSoftmaxScope);
  const std::int64_t keys = scores_LS.size(1);
  const at::Tensor inverse_L1 = at::empty({scores_LS.size(0), 1}, scores_LS.options());
  float* score = scores_LS.data_ptr<float>();
  float* inverse = inverse_L1.data_ptr<float>();
  for (std::int64_t query = 0; query < scores_LS.size(0); ++query, score += keys) {
    inverse[query] = 1.0F / exponentials_of(score, keys, largest_of(score, keys));
  }
  return inverse_L1;
}

void gather(const at::Tensor& scores_LS, const at::Tensor& v_SK, at::Tensor out_LK) {
  if (out_LK.scalar_type() == at::kFloat) {
    at::mm_out(out_LK, scores_LS, v_SK);
  } else {
    out_LK.copy_(at::mm(scores_LS, v_SK.to(at::kFloat)));
  }
}

/// One head and some of its queries. Inputs are views in float32, copies in any other type.
void attend_tile(const at::Tensor& q_LK, const at::Tensor& k_SK, const at::Tensor& v_SK,
                 const at::Tensor& out_LK, const ScoreWorkspace& workspace) {
  RECORD_USER_SCOPE(kAttentionScope);
  const double scale = 1.0 / std::sqrt(static_cast<double>(q_LK.size(1)));
  at::Tensor scores_LS = workspace.scores_LS(q_LK.size(0), k_SK.size(0));
  at::addmm_out(scores_LS, scores_LS, q_LK.to(at::kFloat), k_SK.to(at::kFloat).t(), /*beta=*/0, scale);
  if (scores_LS.is_cpu()) {
    const at::Tensor inverse_L1 = softmax_L1(scores_LS);
    gather(scores_LS, v_SK, out_LK);
    out_LK.mul_(inverse_L1);
  } else {
    at::_softmax_out(scores_LS, scores_LS, -1, /*half_to_float=*/false);
    gather(scores_LS, v_SK, out_LK);
  }
}

}  // namespace

std::int64_t ScoreWorkspace::queries_per_tile(std::int64_t keys) const {
  return std::max<std::int64_t>(1, tile_bytes_ / (keys * kScoreBytes));
}

void ScoreWorkspace::reserve(std::int64_t values, const at::Device& device) {
  const std::int64_t threads = device.is_cpu() ? compute_threads() : 1;
  const std::int64_t per_thread = std::max(values, tile_bytes_ / kScoreBytes);
  const bool fits = tiles_.defined() && tiles_.size(0) >= threads && tiles_.size(1) >= per_thread &&
                    tiles_.device() == device;
  if (!fits) tiles_ = at::empty({threads, per_thread}, at::TensorOptions(at::kFloat).device(device));
}

at::Tensor ScoreWorkspace::scores_LS(std::int64_t queries, std::int64_t keys) const {
  const std::int64_t thread = tiles_.device().is_cpu() ? this_compute_thread() : 0;
  return tiles_.select(0, thread).narrow(0, 0, queries * keys).view({queries, keys});
}

void attend(const at::Tensor& q_LHK, const at::Tensor& k_SHK, const at::Tensor& v_SHK,
            const at::Tensor& out_LHK, ScoreWorkspace& workspace) {
  const std::int64_t keys = k_SHK.size(0);
  const TileCut queries(q_LHK.size(0), workspace.queries_per_tile(keys));
  workspace.reserve(queries.size * keys, q_LHK.device());
  for_each_tile(q_LHK.device(), q_LHK.size(1) * queries.count, [&](std::int64_t tile) {
    const std::int64_t head = tile / queries.count, part = tile % queries.count;
    const std::int64_t first = queries.begin(part), rows = queries.size_of(part);
    attend_tile(q_LHK.narrow(0, first, rows).select(1, head), k_SHK.select(1, head), v_SHK.select(1, head),
                out_LHK.narrow(0, first, rows).select(1, head), workspace);
  });
}

}  // namespace longtake
