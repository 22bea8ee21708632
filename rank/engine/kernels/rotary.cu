#include <ATen/record_function.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <c10/util/complex.h>

#include "rank/engine/kernels/gpu_kernels.h"
#include "rank/engine/kernels/octets.cuh"

namespace longtake::gpu {
namespace {

template <class Number>
struct Rows {
  Number* out;
  const Number* x;
  const Number* weight;  ///< or null
  const float* turn;     ///< or null; cosine and sine of one pair after another
  std::int64_t out_stride, x_stride, turn_stride;
  int width;
  int head_width;
  float eps;
};

template <class Number>
__device__ void weigh(float (&x)[kOctet], const Number* from, float scale) {
  float weight[kOctet];
  load(weight, from);
#pragma unroll
  for (int i = 0; i < kOctet; ++i) x[i] *= scale * weight[i];
}

__device__ void turn(float (&x)[kOctet], const float* from) {
  float turns[kOctet];
  load(turns, from);
#pragma unroll
  for (int i = 0; i < kOctet; i += 2) {
    const float real = x[i], imaginary = x[i + 1];
    x[i] = real * turns[i] - imaginary * turns[i + 1];
    x[i + 1] = real * turns[i + 1] + imaginary * turns[i];
  }
}

/// One block per row.
template <class Number, int kHeld>
__global__ void norm_and_turn_rows(Rows<Number> rows) {
  __shared__ float sums[kMostWarps];
  const std::int64_t row = blockIdx.x;
  float x[kHeld][kOctet];
  float squares = 0;
#pragma unroll
  for (int held = 0; held < kHeld; ++held) {
    const int at = static_cast<int>(held * blockDim.x + threadIdx.x) * kOctet;
    if (at >= rows.width) continue;
    load(x[held], rows.x + row * rows.x_stride + at);
#pragma unroll
    for (int i = 0; i < kOctet; ++i) squares += x[held][i] * x[held][i];
  }
  float scale = 1;
  if (rows.weight != nullptr) {
    scale = rsqrtf(sum_over_block(squares, sums) / static_cast<float>(rows.width) + rows.eps);
  }
#pragma unroll
  for (int held = 0; held < kHeld; ++held) {
    const int at = static_cast<int>(held * blockDim.x + threadIdx.x) * kOctet;
    if (at >= rows.width) continue;
    if (rows.weight != nullptr) weigh(x[held], rows.weight + at, scale);
    if (rows.turn != nullptr) turn(x[held], rows.turn + row * rows.turn_stride + at % rows.head_width);
    store(rows.out + row * rows.out_stride + at, x[held]);
  }
}

template <class Number>
Rows<Number> rows_of(const NormAndTurn& work) {
  const bool turns = work.turn_TJ.defined();
  const auto* turn =
      turns ? reinterpret_cast<const float*>(work.turn_TJ.const_data_ptr<c10::complex<float>>()) : nullptr;
  return {work.out_TD.mutable_data_ptr<Number>(),
          work.x_TD.const_data_ptr<Number>(),
          work.weight_D.defined() ? work.weight_D.const_data_ptr<Number>() : nullptr,
          turn,
          work.out_TD.stride(0),
          work.x_TD.stride(0),
          turns ? 2 * work.turn_TJ.stride(0) : 0,
          static_cast<int>(work.x_TD.size(1)),
          turns ? static_cast<int>(2 * work.turn_TJ.size(1)) : kOctet,
          static_cast<float>(work.eps)};
}

}  // namespace

void norm_and_turn(const NormAndTurn& work) {
  RECORD_USER_SCOPE("longtake::norm_and_turn");
  if (work.x_TD.numel() == 0) return;
  const c10::cuda::CUDAGuard device(work.x_TD.device());
  with_number(work.x_TD.scalar_type(), [&](auto number) {
    using Number = decltype(number);
    with_row_threads(work.x_TD.size(1), [&](auto held, unsigned threads) {
      norm_and_turn_rows<Number, decltype(held)::value>
          <<<static_cast<unsigned>(work.x_TD.size(0)), threads, 0, c10::cuda::getCurrentCUDAStream()>>>(
              rows_of<Number>(work));
    });
  });
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace longtake::gpu
