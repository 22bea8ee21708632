#pragma once

#include <ATen/ATen.h>

#include "rank/engine/transformer/layer_workspace.h"
#include "rank/engine/transformer/linear.h"
#include "rank/engine/transformer/transformer_config.h"

// T tokens, M tokens that are attended to, F parts of the tokens, D model width, H heads, K head width, J
// pairs of a head
namespace longtake {

/// Keys and values of something that does not change while it is attended to: [M, H, K], or [F, M, H, K] when
/// each of F consecutive parts of the tokens attends to its own.
struct KeysValues {
  at::Tensor keys;
  at::Tensor values;
};

/// The linear parts of one attention: queries and keys are normed over the whole width.
class Projections {
 public:
  /// Takes q, k, v, o, norm_q and norm_k below `weights`' prefix.
  Projections(const TransformerConfig& config, const Weights& weights, double eps);

  /// Normed, and turned by `turn`: each token's rotation.
  void query_into(const at::Tensor& out_TD, const at::Tensor& x_TD, const at::Tensor& turn_TJ) const;
  /// The same; `room` is where the product goes first. `out` may lie in a cache.
  void key_into(const at::Tensor& out_THK, const at::Tensor& x_TD, const at::Tensor& turn_TJ,
                const at::Tensor& room_TD) const;
  /// Normed, not turned.
  void raw_query_into(const at::Tensor& out_TD, const at::Tensor& x_TD) const;
  void raw_key_into(const at::Tensor& out_TD, const at::Tensor& x_TD) const;
  void value_into(const at::Tensor& out_TD, const at::Tensor& x_TD) const { value_.into(out_TD, x_TD); }
  void output_into(const at::Tensor& out_TD, const at::Tensor& x_TD) const { output_.into(out_TD, x_TD); }

  /// For cross-attention, computed once for all its queries.
  KeysValues keys_values(const at::Tensor& x_MD) const;

  /// What the queries gather; valid until the workspace is used for the next attention.
  at::Tensor gathered_TD(const at::Tensor& query_TD, const KeysValues& context,
                         LayerWorkspace& workspace) const;

  /// Attention of `x` to `context`; the result is a view of the workspace's key buffer.
  at::Tensor cross(const at::Tensor& x_TD, const KeysValues& context, LayerWorkspace& workspace) const;

  at::Tensor heads_of(const at::Tensor& x_TD) const { return x_TD.view({x_TD.size(0), heads_, -1}); }
  /// Of what goes in and comes out.
  at::TensorOptions options() const { return query_.bias_O.options(); }
  at::ScalarType type() const { return query_.bias_O.scalar_type(); }

 private:
  std::int64_t heads_;
  double eps_;
  Linear query_;
  Linear key_;
  Linear value_;
  Linear output_;
  at::Tensor query_norm_D_;
  at::Tensor key_norm_D_;
};

}  // namespace longtake
