#include "rank/engine/transformer/fused_attention.h"

#include "jobs/error.h"
#include "rank/engine/profile_scopes.h"
#include "rank/engine/transformer/tiled_attention.h"

namespace longtake {

#ifdef LONGTAKE_CUDA

namespace {

/// cuDNN is the fastest where it has a kernel; it wants heads of whole octets, and is made for many keys.
bool suits_cudnn(const at::Tensor& q_BHLK, const at::Tensor& k_BHSK) {
  constexpr std::int64_t kWidestHead = 128, kFewKeys = 64;
  const std::int64_t width = q_BHLK.size(3);
  return width % 8 == 0 && width <= kWidestHead && k_BHSK.size(2) >= kFewKeys;
}

at::Tensor attention(const at::Tensor& q_BHLK, const at::Tensor& k_BHSK, const at::Tensor& v_BHSK) {
  if (q_BHLK.scalar_type() == at::kFloat) {
    return std::get<0>(at::_scaled_dot_product_efficient_attention(q_BHLK, k_BHSK, v_BHSK, std::nullopt,
                                                                   /*compute_log_sumexp=*/false));
  }
  if (suits_cudnn(q_BHLK, k_BHSK)) {
    return std::get<0>(at::_scaled_dot_product_cudnn_attention(q_BHLK, k_BHSK, v_BHSK, std::nullopt,
                                                               /*compute_log_sumexp=*/false));
  }
  return at::scaled_dot_product_attention(q_BHLK, k_BHSK, v_BHSK);
}

at::Tensor heads_first(const at::Tensor& x_BLHK) { return x_BLHK.transpose(1, 2); }

/// The kernels answer in the memory order of their queries: transposed back, it is contiguous already.
at::Tensor tokens_first(const at::Tensor& x_BHLK) { return x_BHLK.transpose(1, 2).contiguous(); }

AttentionFound cudnn_among(const at::Tensor& q_BLHK, const at::Tensor& k_BSHK, const at::Tensor& v_BSHK) {
  const auto found = at::_scaled_dot_product_cudnn_attention(heads_first(q_BLHK), heads_first(k_BSHK),
                                                             heads_first(v_BSHK), std::nullopt,
                                                             /*compute_log_sumexp=*/true);
  return {tokens_first(std::get<0>(found)),
          std::get<1>(found).reshape({q_BLHK.size(0), q_BLHK.size(2), q_BLHK.size(1)})};
}

}  // namespace

bool can_fuse_attention(const at::Tensor& x) { return x.is_cuda(); }

at::Tensor fused_attention(const at::Tensor& q_BLHK, const at::Tensor& k_BSHK, const at::Tensor& v_BSHK) {
  RECORD_USER_SCOPE(kAttentionScope);
  const at::Tensor q_BHLK = heads_first(q_BLHK), k_BHSK = heads_first(k_BSHK);
  if (q_BLHK.scalar_type() != at::kFloat && suits_cudnn(q_BHLK, k_BHSK) && gains_by_tiles(q_BLHK, k_BSHK)) {
    return attention_by_tiles(q_BLHK, k_BSHK, v_BSHK, cudnn_among);
  }
  return tokens_first(attention(q_BHLK, k_BHSK, heads_first(v_BSHK)));
}

#else

bool can_fuse_attention(const at::Tensor&) { return false; }

at::Tensor fused_attention(const at::Tensor& q_BLHK, const at::Tensor&, const at::Tensor&) {
  throw Error(ErrorKind::Bug, "fused attention on " + q_BLHK.device().str() + " in a build without CUDA");
}

#endif

}  // namespace longtake
