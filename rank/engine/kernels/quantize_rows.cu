#include <ATen/Dispatch.h>
#include <ATen/record_function.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "rank/engine/kernels/e4m3.cuh"
#include "rank/engine/kernels/gelu.cuh"
#include "rank/engine/kernels/quantize_rows_gpu.h"

// A block of threads takes a row.
namespace longtake::gpu {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;
constexpr int kPacketBytes = 16;

/// What a thread reads at once.
template <class Number>
struct alignas(kPacketBytes) Packet {
  static constexpr int kNumbers = kPacketBytes / sizeof(Number);
  Number numbers[kNumbers];
};

/// What it writes for it.
template <class Number>
struct alignas(Packet<Number>::kNumbers) PacketBits {
  __nv_fp8x2_storage_t pairs[Packet<Number>::kNumbers / 2];
};

/// The largest of what all threads of the block give, for all of them.
__device__ float largest_of_block(float largest) {
  __shared__ float of_warp[kWarps];
  for (int lanes = 16; lanes > 0; lanes /= 2) {
    largest = fmaxf(largest, __shfl_xor_sync(0xFFFFFFFFU, largest, lanes));
  }
  if (threadIdx.x % 32 == 0) of_warp[threadIdx.x / 32] = largest;
  __syncthreads();
  largest = of_warp[0];
  for (int warp = 1; warp < kWarps; ++warp) largest = fmaxf(largest, of_warp[warp]);
  return largest;
}

template <class Number>
__device__ PacketBits<Number> rounded(const Packet<Number>& packet, float inverse) {
  PacketBits<Number> bits;
#pragma unroll
  for (int pair = 0; pair < Packet<Number>::kNumbers / 2; ++pair) {
    bits.pairs[pair] = e4m3_pair_of(static_cast<float>(packet.numbers[2 * pair]) * inverse,
                                    static_cast<float>(packet.numbers[2 * pair + 1]) * inverse);
  }
  return bits;
}

/// What is rounded of x; GELU as it would be stored.
template <class Number, RowFunction kOf>
__device__ Number taken(Number x) {
  if constexpr (kOf == RowFunction::Gelu) {
    return static_cast<Number>(gelu<Number>(static_cast<float>(x)));
  } else {
    return x;
  }
}

/// Rows of at most kThreads * kHeld packets stay in registers between their maximum and their rounding.
template <class Number, RowFunction kOf, int kHeld>
__global__ void __launch_bounds__(kThreads)
    quantize_packets(const Number* x, std::int64_t row_stride, std::uint8_t* bits, float* scale, int width) {
  const std::int64_t row = blockIdx.x;
  const int packets = width / Packet<Number>::kNumbers;
  const auto* const from = reinterpret_cast<const Packet<Number>*>(x + row * row_stride);
  auto* const to = reinterpret_cast<PacketBits<Number>*>(bits + row * width);
  Packet<Number> held[kHeld];
  float largest = kLeastRowMaximum;
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    const int packet = i * kThreads + static_cast<int>(threadIdx.x);
    if (packet >= packets) continue;
    held[i] = from[packet];
#pragma unroll
    for (Number& number : held[i].numbers) {
      number = taken<Number, kOf>(number);
      largest = fmaxf(largest, fabsf(static_cast<float>(number)));
    }
  }
  largest = largest_of_block(largest);
  const float inverse = inverse_scale(largest);
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    const int packet = i * kThreads + static_cast<int>(threadIdx.x);
    if (packet < packets) to[packet] = rounded(held[i], inverse);
  }
  if (threadIdx.x == 0) scale[row] = scale_for(largest);
}

/// Any width, number by number, read twice.
template <class Number, RowFunction kOf>
__global__ void __launch_bounds__(kThreads)
    quantize_numbers(const Number* x, std::int64_t row_stride, std::uint8_t* bits, float* scale, int width) {
  const std::int64_t row = blockIdx.x;
  const Number* const from = x + row * row_stride;
  float largest = kLeastRowMaximum;
  for (int i = static_cast<int>(threadIdx.x); i < width; i += kThreads) {
    largest = fmaxf(largest, fabsf(static_cast<float>(taken<Number, kOf>(from[i]))));
  }
  largest = largest_of_block(largest);
  const float inverse = inverse_scale(largest);
  for (int i = static_cast<int>(threadIdx.x); i < width; i += kThreads) {
    bits[row * width + i] = __nv_cvt_float_to_fp8(static_cast<float>(taken<Number, kOf>(from[i])) * inverse,
                                                  __NV_SATFINITE, __NV_E4M3);
  }
  if (threadIdx.x == 0) scale[row] = scale_for(largest);
}

template <class Number, RowFunction kOf>
void launch(const at::Tensor& x_TI, const E4m3Rows& rows) {
  constexpr int kNumbers = Packet<Number>::kNumbers;
  const auto* const x = x_TI.const_data_ptr<Number>();
  auto* const bits = rows.bits_TI.mutable_data_ptr<std::uint8_t>();
  auto* const scale = rows.scale_T.mutable_data_ptr<float>();
  const int width = static_cast<int>(x_TI.size(1));
  const std::int64_t stride = x_TI.stride(0);
  const auto blocks = static_cast<unsigned>(x_TI.size(0));
  const cudaStream_t stream = c10::cuda::getCurrentCUDAStream();
  const bool has_packets = width % kNumbers == 0 && stride % kNumbers == 0 &&
                           reinterpret_cast<std::uintptr_t>(x) % kPacketBytes == 0;
  const int packets_of_thread = (width / kNumbers + kThreads - 1) / kThreads;
  if (!has_packets || packets_of_thread > 16) {
    quantize_numbers<Number, kOf><<<blocks, kThreads, 0, stream>>>(x, stride, bits, scale, width);
  } else if (packets_of_thread <= 4) {
    quantize_packets<Number, kOf, 4><<<blocks, kThreads, 0, stream>>>(x, stride, bits, scale, width);
  } else if (packets_of_thread <= 8) {
    quantize_packets<Number, kOf, 8><<<blocks, kThreads, 0, stream>>>(x, stride, bits, scale, width);
  } else {
    quantize_packets<Number, kOf, 16><<<blocks, kThreads, 0, stream>>>(x, stride, bits, scale, width);
  }
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace

void quantize_rows(const at::Tensor& x_TI, const E4m3Rows& rows, RowFunction of) {
  RECORD_USER_SCOPE("longtake::quantize_rows");
  TORCH_CHECK(x_TI.dim() == 2 && x_TI.stride(1) == 1, "quantize_rows takes rows, got shape ", x_TI.sizes(),
              " with strides ", x_TI.strides());
  if (x_TI.numel() == 0) return;
  const c10::cuda::CUDAGuard device(x_TI.device());
  const auto launch_for = [&](auto number) {
    using Number = decltype(number);
    of == RowFunction::Gelu ? launch<Number, RowFunction::Gelu>(x_TI, rows)
                            : launch<Number, RowFunction::Identity>(x_TI, rows);
  };
  AT_DISPATCH_SWITCH(x_TI.scalar_type(), "quantize_rows",
                     AT_DISPATCH_CASE(at::kFloat, [&] { launch_for(scalar_t{}); })
                         AT_DISPATCH_CASE(at::kHalf, [&] { launch_for(scalar_t{}); })
                             AT_DISPATCH_CASE(at::kBFloat16, [&] { launch_for(scalar_t{}); }));
}

}  // namespace longtake::gpu
