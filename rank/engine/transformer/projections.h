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

/// Queries and keys before their norms.
struct RawQueryKey {
  at::Tensor query_TD;
  at::Tensor key_TD;
};

/// The linear parts of one attention: queries and keys are normed over the whole width.
class Projections {
 public:
  /// Takes q, k, v, o, norm_q and norm_k below `weights`' prefix.
  Projections(const TransformerConfig& config, const Weights& weights, double eps);

  /// The products for self-attention; the values go to `values`, which may lie in a cache. Query and key are
  /// in the workspace, until it is used for something else.
  RawQueryKey query_key(const LinearInput& x_TD, const at::Tensor& values_THK,
                        LayerWorkspace& workspace) const;

  /// Normed, and turned by each token's rotation. `raw` is used up; `out` may be `raw`, or lie in a cache.
  void place_query(const at::Tensor& out_TD, const at::Tensor& raw_TD, const at::Tensor& turn_TJ) const;
  void place_key(const at::Tensor& out_THK, const at::Tensor& raw_TD, const at::Tensor& turn_TJ) const;

  /// Normed only, in place.
  at::Tensor normed_keys_THK(const at::Tensor& raw_TD) const;

  void output_into(const at::Tensor& out_TD, const at::Tensor& x_TD) const { output_.into(out_TD, x_TD); }

  /// For cross-attention, computed once for all its queries.
  KeysValues keys_values(const at::Tensor& x_MD) const;

  /// What the queries gather; valid until the workspace is used for the next attention.
  at::Tensor gathered_TD(const at::Tensor& query_TD, const KeysValues& context,
                         LayerWorkspace& workspace) const;

  /// Attention of `x` to `context`; the result is a view of the workspace's key buffer.
  at::Tensor cross(const LinearInput& x_TD, const KeysValues& context, LayerWorkspace& workspace) const;

  /// From now on query, key and value are one product on a GPU, which fewer and larger ones fill better. On a
  /// CPU nothing happens: there the weights may be views of the checkpoint's file.
  void join_products();

  /// The first to read the tokens that attend; those beside it read them in the same form.
  const Linear& reader() const { return query_; }

  at::Tensor heads_of(const at::Tensor& x_TD) const { return x_TD.view({x_TD.size(0), heads_, -1}); }
  /// Of what goes in and comes out.
  at::TensorOptions options() const { return query_.bias_O.options(); }

 private:
  std::int64_t heads_;
  double eps_;
  Linear all_;  ///< query, key and value, which are then views of it; undefined if not joined
  Linear query_;
  Linear key_;
  Linear value_;
  Linear output_;
  at::Tensor query_norm_D_;
  at::Tensor key_norm_D_;
};

}  // namespace longtake
