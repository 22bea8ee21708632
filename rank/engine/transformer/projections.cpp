#include "rank/engine/transformer/projections.h"

#include "rank/engine/transformer/pointwise.h"

namespace longtake {

Projections::Projections(const TransformerConfig& config, const Weights& weights, double eps)
    : heads_(config.heads),
      eps_(eps),
      query_(take_linear(weights, "q", config.dim, config.dim)),
      key_(take_linear(weights, "k", config.dim, config.dim)),
      value_(take_linear(weights, "v", config.dim, config.dim)),
      output_(take_linear(weights, "o", config.dim, config.dim)),
      query_norm_D_(weights.take("norm_q.weight", {config.dim})),
      key_norm_D_(weights.take("norm_k.weight", {config.dim})) {}

void Projections::query_into(const at::Tensor& out_TD, const at::Tensor& x_TD) const {
  query_.into(out_TD, x_TD);
  rms_norm_(out_TD, query_norm_D_, eps_);
}

void Projections::key_into(const at::Tensor& out_TD, const at::Tensor& x_TD) const {
  key_.into(out_TD, x_TD);
  rms_norm_(out_TD, key_norm_D_, eps_);
}

KeysValues Projections::keys_values(const at::Tensor& x_MD) const {
  const at::Tensor keys_MD = key_(x_MD);
  rms_norm_(keys_MD, key_norm_D_, eps_);
  return {heads_of(keys_MD), heads_of(value_(x_MD))};
}

at::Tensor Projections::cross(const at::Tensor& x_TD, const KeysValues& context,
                              LayerWorkspace& workspace) const {
  const std::int64_t tokens = x_TD.size(0), width = x_TD.size(1);
  const at::Tensor query_TD = LayerWorkspace::rows_of(workspace.query_TD, tokens, width, options());
  const at::Tensor out_TD = LayerWorkspace::rows_of(workspace.key_TD, tokens, width, options());
  query_into(query_TD, x_TD);
  const at::Tensor gathered_TD = LayerWorkspace::rows_of(workspace.normed_TD, tokens, width, options());
  attend(heads_of(query_TD), context.keys_MHK, context.values_MHK, heads_of(gathered_TD), workspace.scores);
  output_into(out_TD, gathered_TD);
  return out_TD;
}

}  // namespace longtake
