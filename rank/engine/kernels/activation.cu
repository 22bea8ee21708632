#include <ATen/record_function.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "rank/engine/kernels/gelu.cuh"
#include "rank/engine/kernels/gpu_kernels.h"
#include "rank/engine/kernels/octets.cuh"

namespace longtake::gpu {
namespace {

constexpr unsigned kThreads = 256;

template <class Number>
__global__ void gelu_octets(Number* x, std::int64_t octets) {
  const std::int64_t octet = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (octet >= octets) return;
  float values[kOctet];
  load(values, x + octet * kOctet);
#pragma unroll
  for (int i = 0; i < kOctet; ++i) values[i] = gelu<Number>(values[i]);
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
