#include "rank/engine/transformer/fused_attention.h"

#include "jobs/error.h"
#include "rank/engine/profile_scopes.h"

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

}  // namespace

bool can_fuse_attention(const at::Tensor& x) { return x.is_cuda(); }

at::Tensor fused_attention(const at::Tensor& q_BLHK, const at::Tensor& k_BSHK, const at::Tensor& v_BSHK) {
  RECORD_USER_SCOPE(kAttentionScope);
  const auto heads_first = [](const at::Tensor& x) { return x.transpose(1, 2); };
  // The kernels answer in the memory order of their queries: transposed back, it is contiguous already.
  return attention(heads_first(q_BLHK), heads_first(k_BSHK), heads_first(v_BSHK))
      .transpose(1, 2)
      .contiguous();
}

#else

bool can_fuse_attention(const at::Tensor&) { return false; }

at::Tensor fused_attention(const at::Tensor& q_BLHK, const at::Tensor&, const at::Tensor&) {
  throw Error(ErrorKind::Bug, "fused attention on " + q_BLHK.device().str() + " in a build without CUDA");
}

#endif

}  // namespace longtake
