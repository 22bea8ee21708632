#include <ATen/record_function.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <type_traits>

#include "rank/engine/kernels/e4m3.cuh"
#include "rank/engine/kernels/gpu_kernels.h"
#include "rank/engine/kernels/octets.cuh"
#include "rank/engine/kernels/quantize_rows_gpu.h"

namespace longtake::gpu {
namespace {

using E4m3Bits = std::uint8_t;

/// `Out`: a Number, or E4m3Bits.
template <class Number, class Out>
struct Rows {
  float* hidden;
  const Number* added;  ///< or null
  const float* gate;    ///< or null
  Out* out;             ///< or null
  float* scale;         ///< of E4m3Bits
  const float* gain;
  const float* shift;
  std::int64_t hidden_stride, added_stride, out_stride;
  std::int64_t rows_of_a_gain;
  int width;
  float eps;
};

/// The octet `at` of hidden after the addition, which is stored.
template <class Number, class Out>
__device__ void add_octet(float (&x)[kOctet], const Rows<Number, Out>& rows, std::int64_t row, int at) {
  float* hidden = rows.hidden + row * rows.hidden_stride + at;
  load(x, hidden);
  if (rows.added == nullptr) return;
  float added[kOctet], gate[kOctet];
  load(added, rows.added + row * rows.added_stride + at);
  if (rows.gate != nullptr) {
    load(gate, rows.gate + at);
#pragma unroll
    for (int i = 0; i < kOctet; ++i) x[i] += added[i] * gate[i];
  } else {
#pragma unroll
    for (int i = 0; i < kOctet; ++i) x[i] += added[i];
  }
  store(hidden, x);
}

template <int kHeld>
__device__ float largest_of(const float (&x)[kHeld][kOctet], int width) {
  __shared__ float parts[kMostWarps];
  float largest = kLeastRowMaximum;
#pragma unroll
  for (int held = 0; held < kHeld; ++held) {
    if (static_cast<int>(held * blockDim.x + threadIdx.x) * kOctet >= width) continue;
#pragma unroll
    for (int i = 0; i < kOctet; ++i) largest = fmaxf(largest, fabsf(x[held][i]));
  }
  return largest_over_block(largest, parts);
}

__device__ void store_rounded(E4m3Bits* to, const float (&from)[kOctet], float inverse) {
  uint2 bits;
  auto* pairs = reinterpret_cast<__nv_fp8x2_storage_t*>(&bits);
#pragma unroll
  for (int i = 0; i < kOctet / 2; ++i) {
    pairs[i] = e4m3_pair_of(from[2 * i] * inverse, from[2 * i + 1] * inverse);
  }
  *reinterpret_cast<uint2*>(to) = bits;
}

template <class Number, class Out, int kHeld>
__device__ void store_row(const Rows<Number, Out>& rows, std::int64_t row, const float (&x)[kHeld][kOctet]) {
  constexpr bool kRounds = std::is_same_v<Out, E4m3Bits>;
  Out* const out = rows.out + row * rows.out_stride;
  float inverse = 1;
  if constexpr (kRounds) {
    const float largest = largest_of(x, rows.width);
    inverse = inverse_scale(largest);
    if (threadIdx.x == 0) rows.scale[row] = scale_for(largest);
  }
#pragma unroll
  for (int held = 0; held < kHeld; ++held) {
    const int at = static_cast<int>(held * blockDim.x + threadIdx.x) * kOctet;
    if (at >= rows.width) continue;
    if constexpr (kRounds) {
      store_rounded(out + at, x[held], inverse);
    } else {
      store(out + at, x[held]);
    }
  }
}

/// One block per row. Mean and variance in two passes over registers: the variance of numbers far from zero
/// keeps its digits.
template <class Number, class Out, int kHeld>
__global__ void add_and_norm_rows(Rows<Number, Out> rows) {
  __shared__ float sums[kMostWarps], squares[kMostWarps];
  const std::int64_t row = blockIdx.x;
  float x[kHeld][kOctet];
  float sum = 0;
#pragma unroll
  for (int held = 0; held < kHeld; ++held) {
    const int at = static_cast<int>(held * blockDim.x + threadIdx.x) * kOctet;
    if (at >= rows.width) continue;
    add_octet(x[held], rows, row, at);
#pragma unroll
    for (int i = 0; i < kOctet; ++i) sum += x[held][i];
  }
  if (rows.out == nullptr) return;
  const float mean = sum_over_block(sum, sums) / static_cast<float>(rows.width);
  float square = 0;
#pragma unroll
  for (int held = 0; held < kHeld; ++held) {
    if (static_cast<int>(held * blockDim.x + threadIdx.x) * kOctet >= rows.width) continue;
#pragma unroll
    for (int i = 0; i < kOctet; ++i) square += (x[held][i] - mean) * (x[held][i] - mean);
  }
  const float variance = sum_over_block(square, squares) / static_cast<float>(rows.width);
  const float scale = rsqrtf(variance + rows.eps);
  const std::int64_t gain_row = row / rows.rows_of_a_gain * rows.width;
#pragma unroll
  for (int held = 0; held < kHeld; ++held) {
    const int at = static_cast<int>(held * blockDim.x + threadIdx.x) * kOctet;
    if (at >= rows.width) continue;
    float gain[kOctet], shift[kOctet];
    load(gain, rows.gain + gain_row + at);
    load(shift, rows.shift + gain_row + at);
#pragma unroll
    for (int i = 0; i < kOctet; ++i) x[held][i] = (x[held][i] - mean) * scale * gain[i] + shift[i];
  }
  store_row(rows, row, x);
}

template <class Number>
Number* data_of(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.mutable_data_ptr<Number>() : nullptr;
}

std::int64_t row_stride(const at::Tensor& tensor) { return tensor.defined() ? tensor.stride(0) : 0; }

template <class Number, class Out>
Rows<Number, Out> rows_of(const AddAndNorm& work) {
  const std::int64_t gains = work.gain_FD.defined() && work.gain_FD.dim() == 2 ? work.gain_FD.size(0) : 1;
  return {work.hidden_TD.mutable_data_ptr<float>(),
          data_of<Number>(work.added_TD),
          data_of<float>(work.gate_D),
          data_of<Out>(work.out_TD),
          data_of<float>(work.scale_T),
          data_of<float>(work.gain_FD),
          data_of<float>(work.shift_FD),
          work.hidden_TD.stride(0),
          row_stride(work.added_TD),
          row_stride(work.out_TD),
          work.hidden_TD.size(0) / gains,
          static_cast<int>(work.hidden_TD.size(1)),
          static_cast<float>(work.eps)};
}

template <class Number, class Out>
void launch(const AddAndNorm& work) {
  with_row_threads(work.hidden_TD.size(1), [&](auto held, unsigned threads) {
    add_and_norm_rows<Number, Out, decltype(held)::value>
        <<<static_cast<unsigned>(work.hidden_TD.size(0)), threads, 0, c10::cuda::getCurrentCUDAStream()>>>(
            rows_of<Number, Out>(work));
  });
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace

void add_and_norm(const AddAndNorm& work) {
  RECORD_USER_SCOPE("longtake::add_and_norm");
  if (work.hidden_TD.numel() == 0) return;
  const c10::cuda::CUDAGuard device(work.hidden_TD.device());
  const bool rounds = work.scale_T.defined();
  const at::Tensor& typed = rounds || work.added_TD.defined() ? work.added_TD : work.out_TD;
  with_number(typed.defined() ? typed.scalar_type() : at::kFloat, [&](auto number) {
    using Number = decltype(number);
    rounds ? launch<Number, E4m3Bits>(work) : launch<Number, Number>(work);
  });
}

}  // namespace longtake::gpu
