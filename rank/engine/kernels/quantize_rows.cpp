#include "rank/engine/kernels/quantize_rows.h"

#include <cmath>

#include "jobs/error.h"
#include "rank/engine/compute_threads.h"
#include "rank/engine/kernels/activation.h"
#include "rank/engine/kernels/quantize_rows_gpu.h"

namespace longtake {
namespace {

/// Returns the row's scale.
float quantize_row(const float* x_I, std::int64_t width, std::uint8_t* bits_I) {
  float largest = gpu::kLeastRowMaximum;
  for (std::int64_t i = 0; i < width; ++i) largest = std::fmax(largest, std::fabs(x_I[i]));
  const float inverse = kLargestE4m3 / largest;
  for (std::int64_t i = 0; i < width; ++i) bits_I[i] = e4m3_of(x_I[i] * inverse);
  return largest / kLargestE4m3;
}

void quantize_on_cpu(const at::Tensor& x_TI, const E4m3Rows& rows) {
  auto* const bits = rows.bits_TI.data_ptr<std::uint8_t>();
  auto* const scale = rows.scale_T.data_ptr<float>();
  const std::int64_t width = x_TI.size(1);
  for_row_tiles(x_TI.device(), x_TI.size(0), [&](std::int64_t first, std::int64_t count) {
    const at::Tensor part_TI = x_TI.narrow(0, first, count).to(at::kFloat).contiguous();
    const float* const part = part_TI.data_ptr<float>();
    for (std::int64_t row = 0; row < count; ++row) {
      scale[first + row] = quantize_row(part + row * width, width, bits + (first + row) * width);
    }
  });
}

}  // namespace

E4m3Rows quantize_rows(const at::Tensor& x_TI, RowFunction of) {
  const E4m3Rows rows = {at::empty(x_TI.sizes(), x_TI.options().dtype(at::kByte)),
                         at::empty({x_TI.size(0)}, x_TI.options().dtype(at::kFloat))};
  quantize_rows_into(rows, x_TI, of);
  return rows;
}

void quantize_rows_into(const E4m3Rows& rows, const at::Tensor& x_TI, RowFunction of) {
  if (x_TI.is_cpu()) {
    if (of == RowFunction::Gelu) gelu_(x_TI);
    return quantize_on_cpu(x_TI, rows);
  }
#ifdef LONGTAKE_CUDA
  gpu::quantize_rows(x_TI, rows, of);
#else
  throw Error(ErrorKind::Bug, "rounding rows to fp8 on a GPU by a program without kernels for it");
#endif
}

}  // namespace longtake
