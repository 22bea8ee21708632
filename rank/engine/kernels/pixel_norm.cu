#include <ATen/record_function.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "rank/engine/kernels/gpu_kernels.h"
#include "rank/engine/kernels/octets.cuh"

namespace longtake::gpu {
namespace {

constexpr int kThreads = 256;
/// Octets of a thread: the published channels, 96 times a power of two, leave none idle.
constexpr int kHeld = 3;

template <class Number>
struct Pixels {
  Number* out;
  const Number* x;
  const Number* bias;  ///< or null
  const Number* gain;
  std::int64_t count;
  int channels;
};

/// x / (1 + exp(-x)).
template <class Number>
__device__ float silu(float x) {
  return std::is_same_v<Number, float> ? x / (1 + expf(-x)) : __fdividef(x, 1 + __expf(-x));
}

template <int kLanes>
__device__ float sum_over_lanes(float value) {
#pragma unroll
  for (int distance = kLanes / 2; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(0xffffffffU, value, distance);
  }
  return value;
}

/// `kLanes` neighbouring threads share a pixel.
template <class Number, int kLanes>
__global__ void normed_silu_pixels(Pixels<Number> pixels) {
  constexpr float kShortest = 1e-12F;
  const std::int64_t pixel = (std::int64_t{blockIdx.x} * kThreads + threadIdx.x) / kLanes;
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const bool is_there = pixel < pixels.count;
  float x[kHeld][kOctet];
  float squares = 0;
#pragma unroll
  for (int held = 0; held < kHeld; ++held) {
    const int at = (held * kLanes + lane) * kOctet;
    if (!is_there || at >= pixels.channels) continue;
    load(x[held], pixels.x + pixel * pixels.channels + at);
    if (pixels.bias != nullptr) {
      float bias[kOctet];
      load(bias, pixels.bias + at);
#pragma unroll
      for (int i = 0; i < kOctet; ++i) x[held][i] += bias[i];
    }
#pragma unroll
    for (int i = 0; i < kOctet; ++i) squares += x[held][i] * x[held][i];
  }
  const float scale = 1 / fmaxf(sqrtf(sum_over_lanes<kLanes>(squares)), kShortest);
#pragma unroll
  for (int held = 0; held < kHeld; ++held) {
    const int at = (held * kLanes + lane) * kOctet;
    if (!is_there || at >= pixels.channels) continue;
    float gain[kOctet];
    load(gain, pixels.gain + at);
#pragma unroll
    for (int i = 0; i < kOctet; ++i) x[held][i] = silu<Number>(x[held][i] * scale * gain[i]);
    store(pixels.out + pixel * pixels.channels + at, x[held]);
  }
}

template <class Number>
__global__ void add_bias_octets(Number* x, const Number* bias, const Number* plus, std::int64_t octets,
                                int octets_of_a_pixel) {
  const std::int64_t octet = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (octet >= octets) return;
  float sum[kOctet], more[kOctet];
  load(sum, x + octet * kOctet);
  load(more, bias + octet % octets_of_a_pixel * kOctet);
#pragma unroll
  for (int i = 0; i < kOctet; ++i) sum[i] += more[i];
  if (plus != nullptr) {
    load(more, plus + octet * kOctet);
#pragma unroll
    for (int i = 0; i < kOctet; ++i) sum[i] += more[i];
  }
  store(x + octet * kOctet, sum);
}

unsigned blocks_for(std::int64_t threads) {
  return static_cast<unsigned>((threads + kThreads - 1) / kThreads);
}

/// work(std::integral_constant of the threads that share a pixel).
template <class Work>
void with_lanes(std::int64_t channels, const Work& work) {
  const std::int64_t octets = channels / kOctet;
  if (octets <= 4 * kHeld) return work(std::integral_constant<int, 4>{});
  if (octets <= 8 * kHeld) return work(std::integral_constant<int, 8>{});
  if (octets <= 16 * kHeld) return work(std::integral_constant<int, 16>{});
  TORCH_CHECK(octets <= kWarp * kHeld, "a pixel of ", channels, " channels is too wide for a kernel");
  return work(std::integral_constant<int, kWarp>{});
}

}  // namespace

void normed_silu(const NormedSilu& work) {
  RECORD_USER_SCOPE("longtake::normed_silu");
  if (work.x_PC.numel() == 0) return;
  const c10::cuda::CUDAGuard device(work.x_PC.device());
  const std::int64_t count = work.x_PC.size(0), channels = work.x_PC.size(1);
  with_number(work.x_PC.scalar_type(), [&](auto number) {
    using Number = decltype(number);
    const Pixels<Number> pixels{work.out_PC.mutable_data_ptr<Number>(),
                                work.x_PC.const_data_ptr<Number>(),
                                work.bias_C.defined() ? work.bias_C.const_data_ptr<Number>() : nullptr,
                                work.gain_C.const_data_ptr<Number>(),
                                count,
                                static_cast<int>(channels)};
    with_lanes(channels, [&](auto lanes) {
      constexpr int kLanes = decltype(lanes)::value;
      normed_silu_pixels<Number, kLanes>
          <<<blocks_for(count * kLanes), kThreads, 0, c10::cuda::getCurrentCUDAStream()>>>(pixels);
    });
  });
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

void add_bias_(const at::Tensor& x_PC, const at::Tensor& bias_C, const at::Tensor& plus_PC) {
  RECORD_USER_SCOPE("longtake::add_bias_");
  if (x_PC.numel() == 0) return;
  const c10::cuda::CUDAGuard device(x_PC.device());
  const std::int64_t octets = x_PC.numel() / kOctet;
  with_number(x_PC.scalar_type(), [&](auto number) {
    using Number = decltype(number);
    const Number* plus = plus_PC.defined() ? plus_PC.const_data_ptr<Number>() : nullptr;
    add_bias_octets<<<blocks_for(octets), kThreads, 0, c10::cuda::getCurrentCUDAStream()>>>(
        x_PC.mutable_data_ptr<Number>(), bias_C.const_data_ptr<Number>(), plus, octets,
        static_cast<int>(x_PC.size(1) / kOctet));
  });
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace longtake::gpu
