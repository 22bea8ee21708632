#include "rank/engine/bench/device_ceilings.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "rank/engine/gpu/device_timer.h"

namespace longtake {
namespace {

constexpr int kTries = 12;

/// The shortest of several, after one to warm up.
double least_ms(c10::Device device, const std::function<void()>& work) {
  work();
  DeviceTimer timer(device);
  timer.mark();
  for (int i = 0; i < kTries; ++i) {
    work();
    timer.mark();
  }
  const std::vector<double> pieces = timer.pieces_ms();
  return *std::min_element(pieces.begin(), pieces.end());
}

double product_tflops(const at::TensorOptions& options) {
  const std::int64_t side = options.device().is_cpu() ? 1024 : 8192;
  // A GPU spends less power on ones, and reaches what it does with no real numbers.
  const at::Tensor a = at::randn({side, side}, options), b = at::randn({side, side}, options);
  at::Tensor product = at::empty({side, side}, options);
  const double ms = least_ms(options.device(), [&] { at::mm_out(product, a, b.t()); });
  const auto wide = static_cast<double>(side);
  return 2 * wide * wide * wide / ms / 1e9;
}

double copy_gb_per_s(const at::TensorOptions& options) {
  const std::int64_t bytes = options.device().is_cpu() ? 256 << 20 : std::int64_t{2} << 30;
  const at::Tensor from = at::zeros({bytes}, options.dtype(at::kByte));
  at::Tensor to = at::empty_like(from);
  const double ms = least_ms(options.device(), [&] { to.copy_(from); });
  return 2 * static_cast<double>(bytes) / ms / 1e6;
}

}  // namespace

DeviceCeilings measure_ceilings(const at::TensorOptions& options) {
  return {product_tflops(options), copy_gb_per_s(options)};
}

}  // namespace longtake
