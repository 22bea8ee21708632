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

void Projections::join_products() {
  if (query_.weight_OI.is_cpu()) return;
  const std::int64_t width = query_.bias_O.size(0);
  all_ = joined({query_, key_, value_});
  query_ = all_.outputs(0, width);
  key_ = all_.outputs(width, width);
  value_ = all_.outputs(2 * width, width);
}

RawQueryKey Projections::query_key(const LinearInput& x_TD, const at::Tensor& values_THK,
                                   LayerWorkspace& workspace) const {
  const std::int64_t tokens = tokens_of(x_TD), width = query_.bias_O.size(0);
  const at::Tensor values_TD = values_THK.view({tokens, width});
  if (all_.weight_OI.defined()) {
    const at::Tensor all_T3D = LayerWorkspace::rows_of(workspace.wide_TN, tokens, 3 * width, options());
    all_.into(all_T3D, x_TD);
    values_TD.copy_(all_T3D.narrow(1, 2 * width, width));
    return {all_T3D.narrow(1, 0, width), all_T3D.narrow(1, width, width)};
  }
  const RawQueryKey raw = {LayerWorkspace::rows_of(workspace.query_TD, tokens, width, options()),
                           LayerWorkspace::rows_of(workspace.key_TD, tokens, width, options())};
  query_.into(raw.query_TD, x_TD);
  key_.into(raw.key_TD, x_TD);
  value_.into(values_TD, x_TD);
  return raw;
}

void Projections::place_query(const at::Tensor& out_TD, const at::Tensor& raw_TD,
                              const at::Tensor& turn_TJ) const {
  norm_and_rotate_into(heads_of(out_TD), raw_TD, query_norm_D_, eps_, turn_TJ);
}

void Projections::place_key(const at::Tensor& out_THK, const at::Tensor& raw_TD,
                            const at::Tensor& turn_TJ) const {
  norm_and_rotate_into(out_THK, raw_TD, key_norm_D_, eps_, turn_TJ);
}

at::Tensor Projections::normed_keys_THK(const at::Tensor& raw_TD) const {
  rms_norm_(raw_TD, key_norm_D_, eps_);
  return heads_of(raw_TD);
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

at::Tensor Projections::cross(const LinearInput& x_TD, const KeysValues& context,
                              LayerWorkspace& workspace) const {
  const std::int64_t tokens = tokens_of(x_TD), width = query_.bias_O.size(0);
  const at::Tensor query_TD = LayerWorkspace::rows_of(workspace.query_TD, tokens, width, options());
  const at::Tensor out_TD = LayerWorkspace::rows_of(workspace.key_TD, tokens, width, options());
  query_.into(query_TD, x_TD);
  rms_norm_(query_TD, query_norm_D_, eps_);
  output_into(out_TD, gathered_TD(query_TD, context, workspace));
  return out_TD;
}

}  // namespace longtake
