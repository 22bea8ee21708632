#include "rank/engine/kernels/scaled_product.h"

#ifdef LONGTAKE_CUDA
#include <ATen/cuda/CUDAContext.h>
#endif

#include "jobs/error.h"
#include "rank/engine/product_tiles.h"

namespace longtake {
namespace {

/// The values of the bits of some rows, without their scales.
at::Tensor values_of(const E4m3Rows& rows, std::int64_t first, std::int64_t count) {
  const std::array<float, 256>& values = e4m3_values();
  const std::int64_t width = rows.bits_TI.size(1);
  const at::Tensor numbers_TI = at::empty({count, width}, at::kFloat);
  const auto* const bits = rows.bits_TI.data_ptr<std::uint8_t>() + first * width;
  auto* const numbers = numbers_TI.data_ptr<float>();
  for (std::int64_t i = 0; i < count * width; ++i) numbers[i] = values[bits[i]];
  return numbers_TI;
}

void multiply_on_cpu(const at::Tensor& out_TO, const E4m3Rows& x_TI, const E4m3Rows& w_OI,
                     const at::Tensor& bias_O) {
  for_product_tiles(out_TO, /*device_outputs=*/out_TO.size(1), [&](const ProductTile& tile) {
    at::Tensor sums =
        at::mm(values_of(x_TI, tile.token, tile.tokens), values_of(w_OI, tile.output, tile.outputs).t());
    sums.mul_(tile.tokens_of(x_TI.scale_T).unsqueeze(1)).mul_(tile.outputs_of(w_OI.scale_T));
    tile.of(out_TO).copy_(sums.add_(tile.outputs_of(bias_O)));
  });
}

#ifdef LONGTAKE_CUDA
void multiply_on_gpu(at::Tensor out_TO, const E4m3Rows& x_TI, const E4m3Rows& w_OI,
                     const at::Tensor& bias_O) {
  // LibTorch adds the bias itself, unless the sums stay in float32.
  const bool joins_bias = out_TO.scalar_type() != at::kFloat;
  at::_scaled_mm_out(out_TO, x_TI.bits_TI.view(at::kFloat8_e4m3fn), w_OI.bits_TI.view(at::kFloat8_e4m3fn).t(),
                     x_TI.scale_T.unsqueeze(1), w_OI.scale_T.unsqueeze(0),
                     joins_bias ? std::optional(bias_O) : std::nullopt, /*scale_result=*/std::nullopt,
                     out_TO.scalar_type(), /*use_fast_accum=*/true);
  if (!joins_bias) out_TO.add_(bias_O);
}
#else
void multiply_on_gpu(const at::Tensor&, const E4m3Rows&, const E4m3Rows&, const at::Tensor&) {
  throw Error(ErrorKind::Bug, "an fp8 product on a GPU by a program without kernels for it");
}
#endif

}  // namespace

void scaled_product_into(const at::Tensor& out_TO, const E4m3Rows& x_TI, const E4m3Rows& w_OI,
                         const at::Tensor& bias_O) {
  out_TO.is_cpu() ? multiply_on_cpu(out_TO, x_TI, w_OI, bias_O) : multiply_on_gpu(out_TO, x_TI, w_OI, bias_O);
}

std::string why_no_scaled_product(const at::Device& device) {
  if (device.is_cpu()) return "";
#ifdef LONGTAKE_CUDA
  const cudaDeviceProp& found = *at::cuda::getDeviceProperties(device.index());
  if (found.major > 8 || (found.major == 8 && found.minor >= 9)) return "";
  return std::string(found.name) + " has compute capability " + std::to_string(found.major) + "." +
         std::to_string(found.minor) + ", and GPUs multiply fp8 from 8.9 on (Ada, Hopper, Blackwell)";
#else
  return "this program was built without kernels for GPUs (preset cuda)";
#endif
}

}  // namespace longtake
