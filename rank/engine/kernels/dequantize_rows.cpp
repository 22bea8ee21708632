#include "rank/engine/kernels/dequantize_rows.h"

#include "jobs/error.h"
#include "rank/engine/compute_threads.h"
#include "rank/engine/kernels/dequantize_rows_gpu.h"

namespace longtake {
namespace {

void dequantize_on_cpu(const at::Tensor& out_TI, const E4m3Rows& rows) {
  const std::array<float, 256>& values = e4m3_values();
  const auto* const bits = rows.bits_TI.data_ptr<std::uint8_t>();
  const auto* const scale = rows.scale_T.data_ptr<float>();
  const std::int64_t width = out_TI.size(1);
  for_row_tiles(out_TI.device(), out_TI.size(0), [&](std::int64_t first, std::int64_t count) {
    at::Tensor part_TI = out_TI.narrow(0, first, count);
    // In float32 the numbers' own place, in other types a copy.
    const at::Tensor numbers_TI = part_TI.to(at::kFloat);
    float* number = numbers_TI.data_ptr<float>();
    for (std::int64_t row = first; row < first + count; ++row) {
      for (std::int64_t i = 0; i < width; ++i) *number++ = values[bits[row * width + i]] * scale[row];
    }
    if (!part_TI.is_same(numbers_TI)) part_TI.copy_(numbers_TI);
  });
}

}  // namespace

void dequantize_rows_into(const at::Tensor& out_TI, const E4m3Rows& rows) {
  if (out_TI.is_cpu()) return dequantize_on_cpu(out_TI, rows);
#ifdef LONGTAKE_CUDA
  gpu::dequantize_rows(out_TI, rows);
#else
  throw Error(ErrorKind::Bug, "reading rows of fp8 on a GPU by a program without kernels for it");
#endif
}

}  // namespace longtake
