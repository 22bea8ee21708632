#include "rank/engine/transformer/attention.h"

#include <algorithm>
#include <cmath>

namespace longtake {
namespace {

struct Head {
  at::Tensor q_LK;
  at::Tensor k_SK;
  at::Tensor v_SK;
};

/// A view in float32; a copy of this one head in any other type.
Head head_of(const at::Tensor& q_LHK, const at::Tensor& k_SHK, const at::Tensor& v_SHK, std::int64_t head) {
  return {q_LHK.select(1, head).to(at::kFloat), k_SHK.select(1, head).to(at::kFloat),
          v_SHK.select(1, head).to(at::kFloat)};
}

/// `rows` queries from `first` on, all keys.
void attend_tile(const Head& head, std::int64_t first, std::int64_t rows, at::Tensor out_LK,
                 ScoreWorkspace& workspace) {
  at::Tensor scores_LS = workspace.scores_LS(rows, head.k_SK.size(0), head.q_LK.device());
  const double scale = 1.0 / std::sqrt(static_cast<double>(head.q_LK.size(1)));
  at::addmm_out(scores_LS, scores_LS, head.q_LK.narrow(0, first, rows), head.k_SK.t(), /*beta=*/0, scale);
  at::_softmax_out(scores_LS, scores_LS, -1, /*half_to_float=*/false);
  at::Tensor out = out_LK.narrow(0, first, rows);
  at::mm_out(out, scores_LS, head.v_SK);
}

}  // namespace

std::int64_t ScoreWorkspace::queries_per_tile(std::int64_t keys) const {
  return std::max<std::int64_t>(1, bytes_ / (keys * static_cast<std::int64_t>(sizeof(float))));
}

at::Tensor ScoreWorkspace::scores_LS(std::int64_t queries, std::int64_t keys, at::Device device) {
  const std::int64_t needed = std::max(queries * keys, bytes_ / static_cast<std::int64_t>(sizeof(float)));
  if (!memory_.defined() || memory_.numel() < needed || memory_.device() != device) {
    memory_ = at::empty({needed}, at::TensorOptions(at::kFloat).device(device));
  }
  return memory_.narrow(0, 0, queries * keys).view({queries, keys});
}

void attend(const at::Tensor& q_LHK, const at::Tensor& k_SHK, const at::Tensor& v_SHK,
            const at::Tensor& out_LHK, ScoreWorkspace& workspace) {
  const std::int64_t queries = q_LHK.size(0);
  const std::int64_t largest = workspace.queries_per_tile(k_SHK.size(0));
  const std::int64_t tiles = (queries + largest - 1) / largest;
  const std::int64_t rows = (queries + tiles - 1) / tiles;  // equal tiles: no slow thin one at the end
  for (std::int64_t head = 0; head < q_LHK.size(1); ++head) {
    const Head inputs = head_of(q_LHK, k_SHK, v_SHK, head);
    const at::Tensor target_LK = out_LHK.select(1, head);
    const bool in_place = target_LK.scalar_type() == at::kFloat;
    const at::Tensor out_LK =
        in_place ? target_LK : at::empty_like(inputs.q_LK, at::MemoryFormat::Contiguous);
    for (std::int64_t first = 0; first < queries; first += rows) {
      attend_tile(inputs, first, std::min(rows, queries - first), out_LK, workspace);
    }
    if (!in_place) target_LK.copy_(out_LK);
  }
}

}  // namespace longtake
