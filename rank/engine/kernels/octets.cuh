#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

/// How a block of threads works on one row: in octets, eight neighbouring numbers, which a thread reads and
/// writes 16 bytes at a time and keeps in registers as float32.
namespace longtake::gpu {

inline constexpr int kOctet = 8;
inline constexpr int kWarp = 32;
inline constexpr int kMostWarps = 32;

template <class Number>
__device__ void load(float (&to)[kOctet], const Number* from) {
  static_assert(sizeof(Number) == 2);
  const uint4 bits = *reinterpret_cast<const uint4*>(from);
  const auto* numbers = reinterpret_cast<const Number*>(&bits);
#pragma unroll
  for (int i = 0; i < kOctet; ++i) to[i] = static_cast<float>(numbers[i]);
}

inline __device__ void load(float (&to)[kOctet], const float* from) {
  const auto* quads = reinterpret_cast<const float4*>(from);
  const float4 first = quads[0], second = quads[1];
  to[0] = first.x, to[1] = first.y, to[2] = first.z, to[3] = first.w;
  to[4] = second.x, to[5] = second.y, to[6] = second.z, to[7] = second.w;
}

template <class Number>
__device__ void store(Number* to, const float (&from)[kOctet]) {
  static_assert(sizeof(Number) == 2);
  uint4 bits;
  auto* numbers = reinterpret_cast<Number*>(&bits);
#pragma unroll
  for (int i = 0; i < kOctet; ++i) numbers[i] = static_cast<Number>(from[i]);
  *reinterpret_cast<uint4*>(to) = bits;
}

inline __device__ void store(float* to, const float (&from)[kOctet]) {
  auto* quads = reinterpret_cast<float4*>(to);
  quads[0] = make_float4(from[0], from[1], from[2], from[3]);
  quads[1] = make_float4(from[4], from[5], from[6], from[7]);
}

/// Over all threads of the block, the same for each; always in the same order. `parts` is the block's, and
/// not in use by a sum before.
inline __device__ float sum_over_block(float value, float (&parts)[kMostWarps]) {
#pragma unroll
  for (int distance = kWarp / 2; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(0xffffffffU, value, distance);
  }
  if (threadIdx.x % kWarp == 0) parts[threadIdx.x / kWarp] = value;
  __syncthreads();
  float sum = 0;
  for (unsigned warp = 0; warp < blockDim.x / kWarp; ++warp) sum += parts[warp];
  return sum;
}

/// The largest that any thread of the block gives, for each; NaN does not count. `parts` as above.
inline __device__ float largest_over_block(float value, float (&parts)[kMostWarps]) {
#pragma unroll
  for (int distance = kWarp / 2; distance > 0; distance /= 2) {
    value = fmaxf(value, __shfl_xor_sync(0xffffffffU, value, distance));
  }
  if (threadIdx.x % kWarp == 0) parts[threadIdx.x / kWarp] = value;
  __syncthreads();
  float largest = parts[0];
  for (unsigned warp = 1; warp < blockDim.x / kWarp; ++warp) largest = fmaxf(largest, parts[warp]);
  return largest;
}

/// work(std::integral_constant of the octets that a thread holds, threads of a block) for rows of `width`.
template <class Work>
void with_row_threads(std::int64_t width, const Work& work) {
  const auto octets = static_cast<unsigned>(width / kOctet);
  const auto threads = [octets](unsigned held) {
    return ((octets + held - 1) / held + kWarp - 1) / kWarp * kWarp;
  };
  if (octets <= 256) return work(std::integral_constant<int, 1>{}, threads(1));
  if (octets <= 1024) return work(std::integral_constant<int, 2>{}, threads(2));
  TORCH_CHECK(octets <= 8 * 512, "a row of ", width, " numbers is too wide for a kernel");  // registers
  return work(std::integral_constant<int, 8>{}, threads(8));
}

/// work(a value of the type).
template <class Work>
void with_number(at::ScalarType type, const Work& work) {
  switch (type) {
    case at::kFloat:
      return work(float{});
    case at::kHalf:
      return work(at::Half{});
    case at::kBFloat16:
      return work(at::BFloat16{});
    default:
      TORCH_CHECK(false, "no kernel for ", type);
  }
}

}  // namespace longtake::gpu
