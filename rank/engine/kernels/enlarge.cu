#include <ATen/record_function.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "rank/engine/kernels/gpu_kernels.h"
#include "rank/engine/kernels/octets.cuh"

namespace longtake::gpu {
namespace {

constexpr int kThreads = 256;

/// Octets instead of channels.
template <class Number>
struct Squares {
  Number* out;         ///< [P T, 2 H, 2 W, octets]
  const Number* x;     ///< [T, H, W, P, octets]
  const Number* bias;  ///< or null
  std::int64_t count;  ///< octets of x
  int height, width, of_a_frame, octets;
};

/// One thread reads an octet and writes it four times. Neighbours in a warp have neighbouring octets of a
/// pixel, in x and in each of the four.
template <class Number>
__global__ void enlarge_octets(Squares<Number> squares) {
  const std::int64_t at = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (at >= squares.count) return;
  const int octet = static_cast<int>(at % squares.octets);
  std::int64_t rest = at / squares.octets;
  const int part = static_cast<int>(rest % squares.of_a_frame);
  rest /= squares.of_a_frame;
  const int column = static_cast<int>(rest % squares.width);
  rest /= squares.width;
  const int row = static_cast<int>(rest % squares.height);
  const std::int64_t frame = rest / squares.height * squares.of_a_frame + part;

  float numbers[kOctet];
  load(numbers, squares.x + at * kOctet);
  if (squares.bias != nullptr) {
    float bias[kOctet];
    load(bias, squares.bias + (part * squares.octets + octet) * kOctet);
#pragma unroll
    for (int i = 0; i < kOctet; ++i) numbers[i] += bias[i];
  }
  const std::int64_t row_octets = std::int64_t{2} * squares.width * squares.octets;
  const std::int64_t first =
      (frame * 2 * squares.height + 2 * row) * row_octets + std::int64_t{2} * column * squares.octets + octet;
  for (const std::int64_t to : {first, first + squares.octets}) {
    store(squares.out + to * kOctet, numbers);
    store(squares.out + (to + row_octets) * kOctet, numbers);
  }
}

}  // namespace

void enlarge(const Enlarge& work) {
  RECORD_USER_SCOPE("longtake::enlarge");
  if (work.x_THWC.numel() == 0) return;
  const c10::cuda::CUDAGuard device(work.x_THWC.device());
  const std::int64_t octets = work.out_THWC.size(3) / kOctet, count = work.x_THWC.numel() / kOctet;
  with_number(work.x_THWC.scalar_type(), [&](auto number) {
    using Number = decltype(number);
    const Squares<Number> squares{work.out_THWC.mutable_data_ptr<Number>(),
                                  work.x_THWC.const_data_ptr<Number>(),
                                  work.bias_C.defined() ? work.bias_C.const_data_ptr<Number>() : nullptr,
                                  count,
                                  static_cast<int>(work.x_THWC.size(1)),
                                  static_cast<int>(work.x_THWC.size(2)),
                                  static_cast<int>(work.x_THWC.size(3) / work.out_THWC.size(3)),
                                  static_cast<int>(octets)};
    const auto blocks = static_cast<unsigned>((count + kThreads - 1) / kThreads);
    enlarge_octets<Number><<<blocks, kThreads, 0, c10::cuda::getCurrentCUDAStream()>>>(squares);
  });
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace longtake::gpu
