#include <ATen/record_function.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "rank/engine/kernels/gpu_kernels.h"
#include "rank/engine/kernels/octets.cuh"

namespace longtake::gpu {
namespace {

constexpr unsigned kThreads = 256;

/// x / (1 + exp(-2 u)) is x (1 + tanh u) / 2.
__device__ float gelu(float x, bool is_exact) {
  constexpr float kMinusTwiceRoot = -1.5957691216057308F;  // -2 sqrt(2 / pi)
  constexpr float kCubic = 0.044715F;
  const float power = (x + x * x * x * kCubic) * kMinusTwiceRoot;
  // The short forms err by a few units of float32's last place: nothing in halves.
  return is_exact ? x / (1 + expf(power)) : __fdividef(x, 1 + __expf(power));
}

template <class Number>
__global__ void gelu_octets(Number* x, std::int64_t octets) {
  const std::int64_t octet = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (octet >= octets) return;
  float values[kOctet];
  load(values, x + octet * kOctet);
#pragma unroll
  for (int i = 0; i < kOctet; ++i) values[i] = gelu(values[i], std::is_same_v<Number, float>);
  store(x + octet * kOctet, values);
}

}  // namespace

void gelu_(const at::Tensor& x) {
  RECORD_USER_SCOPE("longtake::gelu_");
  const std::int64_t octets = x.numel() / kOctet;
  if (octets == 0) return;
  const c10::cuda::CUDAGuard device(x.device());
  with_number(x.scalar_type(), [&](auto number) {
    using Number = decltype(number);
    gelu_octets<<<static_cast<unsigned>((octets + kThreads - 1) / kThreads), kThreads, 0,
                  c10::cuda::getCurrentCUDAStream()>>>(x.mutable_data_ptr<Number>(), octets);
  });
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace longtake::gpu
