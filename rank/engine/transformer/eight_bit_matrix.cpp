#include "rank/engine/transformer/eight_bit_matrix.h"

#include <algorithm>

#include "jobs/error.h"
#include "rank/engine/kernels/activation.h"
#include "rank/engine/kernels/scaled_product.h"
#include "rank/engine/product_tiles.h"

namespace longtake {
namespace {

constexpr float kLargestInt8 = 127;
/// Of an int8 matrix, in the type of its inputs: large enough for a product at full speed.
constexpr std::int64_t kTileBytes = 64 << 20;

void require_multiplicable(const Weights& weights, const std::string& name, std::int64_t inputs,
                           std::int64_t outputs) {
  constexpr std::int64_t kStep = 16;  // of the GPUs' fp8 products; a film must not depend on the device
  const std::string precision = "precision: " + std::string(name_of(weights.options().precision));
  if (inputs % kStep != 0 || outputs % kStep != 0) {
    throw Error(ErrorKind::InvalidInput,
                precision + " needs matrices with sides that are multiples of 16, '" + name + "' is " +
                    std::to_string(outputs) + " x " + std::to_string(inputs) + "; write precision: auto");
  }
  if (weights.options().precision != Precision::Fp8) return;
  const std::string reason = why_no_scaled_product(weights.options().device);
  if (reason.empty()) return;
  throw Error(ErrorKind::InvalidInput,
              precision + " cannot be computed here: " + reason + "; write precision: int8");
}

/// Rows at a time: their float32 copy is small.
EightBitMatrix int8_of(const at::Tensor& weight_OI) {
  constexpr std::int64_t kRows = 512;
  constexpr float kLeastRowMaximum = 1e-12F;
  const EightBitMatrix matrix = {at::empty(weight_OI.sizes(), weight_OI.options().dtype(at::kChar)),
                                 at::empty({weight_OI.size(0)}, weight_OI.options().dtype(at::kFloat))};
  const TileCut cut(weight_OI.size(0), kRows);
  for (std::int64_t tile = 0; tile < cut.count; ++tile) {
    const std::int64_t first = cut.begin(tile), rows = cut.size_of(tile);
    const at::Tensor part = weight_OI.narrow(0, first, rows).to(at::kFloat);
    const at::Tensor scale = part.abs().amax(1).clamp_min(kLeastRowMaximum).div(kLargestInt8);
    matrix.scale_O.narrow(0, first, rows).copy_(scale);
    matrix.numbers_OI.narrow(0, first, rows).copy_(part.div(scale.unsqueeze(1)).round());
  }
  return matrix;
}

/// Whole numbers up to 127 are exact in any type of x. Their scales, in float32, multiply the sums.
void int8_product_tile(at::Tensor out_TO, const at::Tensor& x_TI, const at::Tensor& numbers_OI,
                       const at::Tensor& scale_O, const at::Tensor& bias_O) {
  at::mm_out(out_TO, x_TI, numbers_OI.to(x_TI.scalar_type()).t());
  at::addcmul_out(out_TO, bias_O, out_TO, scale_O);
}

void int8_product_into(const at::Tensor& out_TO, const at::Tensor& x_TI, const EightBitMatrix& matrix,
                       const at::Tensor& bias_O) {
  const auto row_bytes = x_TI.size(1) * static_cast<std::int64_t>(x_TI.element_size());
  const std::int64_t device_outputs = std::max<std::int64_t>(16, kTileBytes / row_bytes);
  for_product_tiles(out_TO, device_outputs, [&](const ProductTile& tile) {
    int8_product_tile(tile.of(out_TO), tile.tokens_of(x_TI), tile.outputs_of(matrix.numbers_OI),
                      tile.outputs_of(matrix.scale_O), tile.outputs_of(bias_O));
  });
}

EightBitMatrix fp8_of(const E4m3Rows& rows) { return {rows.bits_TI, rows.scale_T}; }

}  // namespace

EightBitMatrix take_eight_bit_matrix(const Weights& weights, const std::string& name, std::int64_t inputs,
                                     std::int64_t outputs) {
  require_multiplicable(weights, name, inputs, outputs);
  const std::vector<std::int64_t> shape = {outputs, inputs};
  if (weights.options().precision == Precision::Int8) return int8_of(weights.take_as_stored(name, shape));
  if (const auto rows = weights.take_e4m3(name, shape)) return fp8_of(*rows);
  return fp8_of(quantize_rows(weights.take_as_stored(name, shape)));
}

void eight_bit_product_into(const at::Tensor& out_TO, const at::Tensor& x_TI, const EightBitMatrix& matrix,
                            const at::Tensor& bias_O, RowFunction of) {
  if (matrix.numbers_OI.scalar_type() == at::kChar) {
    if (of == RowFunction::Gelu) gelu_(x_TI);
    int8_product_into(out_TO, x_TI, matrix, bias_O);
  } else {
    scaled_product_into(out_TO, quantize_rows(x_TI, of), {matrix.numbers_OI, matrix.scale_O}, bias_O);
  }
}

}  // namespace longtake
