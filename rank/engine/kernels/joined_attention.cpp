#include "rank/engine/kernels/joined_attention.h"

#include <algorithm>

#include "jobs/error.h"
#include "rank/engine/kernels/fused.h"
#include "rank/engine/kernels/gpu_kernels.h"

namespace longtake {
namespace {

bool suit_kernels(const at::Tensor& out_LHK, const std::vector<AttentionPart>& parts) {
  return out_LHK.is_contiguous() && std::all_of(parts.begin(), parts.end(), [&](const AttentionPart& part) {
           return part.found_LHK.is_contiguous() && suits_kernels({out_LHK, part.found_LHK});
         });
}

}  // namespace

void join_attention(const at::Tensor& out_LHK, const std::vector<AttentionPart>& parts) {
  if (parts.empty() || parts.size() > kMostAttentionParts) {
    throw Error(ErrorKind::Bug, "joining attention of " + std::to_string(parts.size()) + " parts, not 1 to " +
                                    std::to_string(kMostAttentionParts));
  }
  if constexpr (kHasGpuKernels) {
    if (suit_kernels(out_LHK, parts)) return gpu::join_attention(out_LHK, parts);
  }
  std::vector<at::Tensor> found, sums;
  for (const AttentionPart& part : parts) {
    found.push_back(part.found_LHK.to(at::kFloat));
    sums.push_back(part.sum_HL.t().unsqueeze(-1));
  }
  out_LHK.copy_((at::stack(found) * at::softmax(at::stack(sums), 0)).sum(0));
}

}  // namespace longtake
