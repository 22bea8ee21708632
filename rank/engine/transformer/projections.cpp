#include "rank/engine/transformer/projections.h"

#include "rank/engine/kernels/rotary.h"
#include "rank/engine/transformer/fused_attention.h"

namespace longtake {

Projections::Projections(const TransformerConfig& config, const Weights& weights, double eps)
    : heads_(config.heads),
      eps_(eps),
      query_(take_large_linear(weights, "q", config.dim, config.dim)),
      key_(take_large_linear(weights, "k", config.dim, config.dim)),
      value_(take_large_linear(weights, "v", config.dim, config.dim)),
      output_(take_large_linear(weights, "o", config.dim, config.dim)),
      query_norm_D_(weights.take("norm_q.weight", {config.dim})),
      key_norm_D_(weights.take("norm_k.weight", {config.dim})) {}

void Projections::query_into(const at::Tensor& out_TD, const at::Tensor& x_TD,
                             const at::Tensor& turn_TJ) const {
  query_.into(out_TD, x_TD);
  norm_and_rotate_into(heads_of(out_TD), out_TD, query_norm_D_, eps_, turn_TJ);
}

void Projections::key_into(const at::Tensor& out_THK, const at::Tensor& x_TD, const at::Tensor& turn_TJ,
                           const at::Tensor& room_TD) const {
  key_.into(room_TD, x_TD);
  norm_and_rotate_into(out_THK, room_TD, key_norm_D_, eps_, turn_TJ);
}

void Projections::raw_query_into(const at::Tensor& out_TD, const at::Tensor& x_TD) const {
  query_.into(out_TD, x_TD);
  rms_norm_(out_TD, query_norm_D_, eps_);
}

void Projections::raw_key_into(const at::Tensor& out_TD, const at::Tensor& x_TD) const {
  key_.into(out_TD, x_TD);
  rms_norm_(out_TD, key_norm_D_, eps_);
}

KeysValues Projections::keys_values(const at::Tensor& x_MD) const {
  const at::Tensor keys_MD = key_(x_MD);
  rms_norm_(keys_MD, key_norm_D_, eps_);
  return {heads_of(keys_MD), heads_of(value_(x_MD))};
}

at::Tensor Projections::gathered_TD(const at::Tensor& query_TD, const KeysValues& context,
                                    LayerWorkspace& workspace) const {
  const std::int64_t parts = context.keys.dim() == 4 ? context.keys.size(0) : 1;
  const std::int64_t tokens = query_TD.size(0) / parts;
  const at::Tensor query_THK = heads_of(query_TD);
  const auto by_part = [&](const at::Tensor& x) { return x.dim() == 4 ? x : x.unsqueeze(0); };
  if (can_fuse_attention(query_TD)) {
    const at::Tensor query_FTHK = query_THK.view({parts, tokens, heads_, -1});
    return fused_attention(query_FTHK, by_part(context.keys), by_part(context.values)).view(query_TD.sizes());
  }
  const at::Tensor out_TD =
      LayerWorkspace::rows_of(workspace.gathered_TD, query_TD.size(0), query_TD.size(1), query_TD.options());
  for (std::int64_t part = 0; part < parts; ++part) {
    attend(query_THK.narrow(0, part * tokens, tokens), by_part(context.keys)[part],
           by_part(context.values)[part], heads_of(out_TD).narrow(0, part * tokens, tokens),
           workspace.scores);
  }
  return out_TD;
}

at::Tensor Projections::cross(const at::Tensor& x_TD, const KeysValues& context,
                              LayerWorkspace& workspace) const {
  const std::int64_t tokens = x_TD.size(0), width = x_TD.size(1);
  const at::Tensor query_TD = LayerWorkspace::rows_of(workspace.query_TD, tokens, width, options());
  const at::Tensor out_TD = LayerWorkspace::rows_of(workspace.key_TD, tokens, width, options());
  raw_query_into(query_TD, x_TD);
  output_into(out_TD, gathered_TD(query_TD, context, workspace));
  return out_TD;
}

}  // namespace longtake
