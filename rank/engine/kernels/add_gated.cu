#include <ATen/Dispatch.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAStream.h>

#include "rank/engine/kernels/add_gated.h"

namespace longtake::kernels {
namespace {

constexpr int kThreads = 256;

template <class Number>
__global__ void add_gated(Number* hidden_TD, const Number* out_TD, const float* gate_D, std::int64_t count,
                          int width) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i >= count) return;
  const float sum = static_cast<float>(hidden_TD[i]) + static_cast<float>(out_TD[i]) * gate_D[i % width];
  hidden_TD[i] = static_cast<Number>(sum);
}

}  // namespace

void add_gated_(const at::Tensor& hidden_TD, const at::Tensor& out_TD, const at::Tensor& gate_D) {
  const std::int64_t count = hidden_TD.numel();
  if (count == 0) return;
  const auto blocks = static_cast<unsigned>((count + kThreads - 1) / kThreads);
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, hidden_TD.scalar_type(), "add_gated", [&] {
    add_gated<scalar_t><<<blocks, kThreads, 0, c10::cuda::getCurrentCUDAStream()>>>(
        hidden_TD.mutable_data_ptr<scalar_t>(), out_TD.const_data_ptr<scalar_t>(),
        gate_D.const_data_ptr<float>(), count, static_cast<int>(gate_D.numel()));
  });
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace longtake::kernels
