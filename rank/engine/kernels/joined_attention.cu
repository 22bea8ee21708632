#include <ATen/record_function.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "rank/engine/kernels/gpu_kernels.h"
#include "rank/engine/kernels/octets.cuh"

namespace longtake::gpu {
namespace {

constexpr unsigned kThreads = 256;
constexpr int kMostParts = kMostAttentionParts;

struct Sizes {
  std::int64_t queries, heads, octets;  ///< of one head
};

template <class Number>
struct Part {
  const Number* found;
  const float* sum;
  std::int64_t from_head, from_query;  ///< to the next one's sum
};

template <class Number>
struct Parts {
  Part<Number> all[kMostParts];
  int count;
};

/// A thread joins one octet. `out` may be what a part found.
template <class Number>
__global__ void join_octets(Number* out, Parts<Number> parts, Sizes sizes) {
  const std::int64_t octet = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  const std::int64_t pair = octet / sizes.octets;  // of a query and a head
  if (pair >= sizes.queries * sizes.heads) return;
  const std::int64_t query = pair / sizes.heads, head = pair % sizes.heads;
  float sums[kMostParts], largest = -INFINITY;
#pragma unroll
  for (int p = 0; p < kMostParts; ++p) {
    if (p >= parts.count) break;
    const Part<Number>& part = parts.all[p];
    sums[p] = part.sum[head * part.from_head + query * part.from_query];
    largest = fmaxf(largest, sums[p]);
  }
  float joined[kOctet] = {}, total = 0;
#pragma unroll
  for (int p = 0; p < kMostParts; ++p) {
    if (p >= parts.count) break;
    const float weight = expf(sums[p] - largest);
    float found[kOctet];
    load(found, parts.all[p].found + octet * kOctet);
    total += weight;
#pragma unroll
    for (int i = 0; i < kOctet; ++i) joined[i] += weight * found[i];
  }
#pragma unroll
  for (int i = 0; i < kOctet; ++i) joined[i] /= total;
  store(out + octet * kOctet, joined);
}

template <class Number>
Parts<Number> pointers(const std::vector<AttentionPart>& parts) {
  Parts<Number> result{};
  for (const AttentionPart& part : parts) {
    const at::Tensor& sum = part.sum_HL;
    result.all[result.count++] = {part.found_LHK.const_data_ptr<Number>(), sum.const_data_ptr<float>(),
                                  sum.stride(0), sum.stride(1)};
  }
  return result;
}

}  // namespace

void join_attention(const at::Tensor& out, const std::vector<AttentionPart>& parts) {
  RECORD_USER_SCOPE("longtake::join_attention");
  const std::int64_t octets = out.numel() / kOctet;
  if (octets == 0) return;
  const Sizes sizes{out.size(0), out.size(1), out.size(2) / kOctet};
  const c10::cuda::CUDAGuard device(out.device());
  with_number(out.scalar_type(), [&](auto number) {
    using Number = decltype(number);
    join_octets<<<static_cast<unsigned>((octets + kThreads - 1) / kThreads), kThreads, 0,
                  c10::cuda::getCurrentCUDAStream()>>>(out.mutable_data_ptr<Number>(),
                                                       pointers<Number>(parts), sizes);
  });
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace longtake::gpu
