#include <ATen/Dispatch.h>
#include <ATen/record_function.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_fp8.h>

#include <limits>

#include "rank/engine/kernels/dequantize_rows_gpu.h"

// A thread takes a packet: eight numbers, which are 16 bytes of halves, or one where rows have no whole
// packets.
namespace longtake::gpu {
namespace {

constexpr unsigned kThreads = 256;
constexpr int kPacket = 8;
constexpr std::size_t kAccessBytes = 16;

template <class Number, int kNumbers>
struct alignas(kNumbers * sizeof(Number) < kAccessBytes ? kNumbers * sizeof(Number) : kAccessBytes) Packet {
  Number numbers[kNumbers];
};

/// Every E4M3 is a half, exactly.
__device__ float value_of(__nv_fp8_storage_t bits) {
  return __half2float(__half(__nv_cvt_fp8_to_halfraw(bits, __NV_E4M3)));
}

template <class Number, int kNumbers>
__global__ void __launch_bounds__(kThreads)
    dequantize_packets(const Packet<__nv_fp8_storage_t, kNumbers>* bits, const float* scale,
                       Packet<Number, kNumbers>* out, unsigned packets, unsigned packets_of_row) {
  const unsigned packet = blockIdx.x * kThreads + threadIdx.x;
  if (packet >= packets) return;
  const float by = scale[packet / packets_of_row];
  const Packet<__nv_fp8_storage_t, kNumbers> from = bits[packet];
  Packet<Number, kNumbers> to;
#pragma unroll
  for (int i = 0; i < kNumbers; ++i) to.numbers[i] = static_cast<Number>(value_of(from.numbers[i]) * by);
  out[packet] = to;
}

template <class Number, int kNumbers>
void launch(const at::Tensor& out_TI, const E4m3Rows& rows) {
  const std::int64_t packets = out_TI.numel() / kNumbers;
  TORCH_CHECK(packets <= std::numeric_limits<int>::max(),
              "too many numbers for one launch: ", out_TI.numel());
  const auto blocks = static_cast<unsigned>((packets + kThreads - 1) / kThreads);
  dequantize_packets<Number, kNumbers><<<blocks, kThreads, 0, c10::cuda::getCurrentCUDAStream()>>>(
      reinterpret_cast<const Packet<__nv_fp8_storage_t, kNumbers>*>(
          rows.bits_TI.const_data_ptr<std::uint8_t>()),
      rows.scale_T.const_data_ptr<float>(),
      reinterpret_cast<Packet<Number, kNumbers>*>(out_TI.mutable_data_ptr<Number>()),
      static_cast<unsigned>(packets), static_cast<unsigned>(out_TI.size(1) / kNumbers));
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

template <class Number>
void launch_for(const at::Tensor& out_TI, const E4m3Rows& rows) {
  const auto is_aligned = [](const void* data, std::size_t bytes) {
    return reinterpret_cast<std::uintptr_t>(data) % bytes == 0;
  };
  const bool has_packets = out_TI.size(1) % kPacket == 0 &&
                           is_aligned(out_TI.const_data_ptr(), kAccessBytes) &&
                           is_aligned(rows.bits_TI.const_data_ptr(), kPacket);
  has_packets ? launch<Number, kPacket>(out_TI, rows) : launch<Number, 1>(out_TI, rows);
}

}  // namespace

void dequantize_rows(const at::Tensor& out_TI, const E4m3Rows& rows) {
  RECORD_USER_SCOPE("longtake::dequantize_rows");
  TORCH_CHECK(out_TI.dim() == 2 && out_TI.is_contiguous() && rows.bits_TI.is_contiguous() &&
                  out_TI.sizes() == rows.bits_TI.sizes(),
              "dequantize_rows writes rows in one piece, got shape ", out_TI.sizes(), " for bits of ",
              rows.bits_TI.sizes());
  if (out_TI.numel() == 0) return;
  const c10::cuda::CUDAGuard device(out_TI.device());
  AT_DISPATCH_SWITCH(out_TI.scalar_type(), "dequantize_rows",
                     AT_DISPATCH_CASE(at::kFloat, [&] { launch_for<scalar_t>(out_TI, rows); })
                         AT_DISPATCH_CASE(at::kHalf, [&] { launch_for<scalar_t>(out_TI, rows); })
                             AT_DISPATCH_CASE(at::kBFloat16, [&] { launch_for<scalar_t>(out_TI, rows); }));
}

}  // namespace longtake::gpu
