#include "rank/engine/kernels/layer_norm.h"

#include "rank/engine/compute_threads.h"
#include "rank/engine/kernels/fused.h"
#include "rank/engine/kernels/gpu_kernels.h"
#include "rank/engine/kernels/quantize_rows.h"

namespace longtake {
namespace {

void norm_rows(const at::Tensor& out_TD, const at::Tensor& x_TD, const at::Tensor& gain_D,
               const at::Tensor& shift_D, double eps) {
  for_row_tiles(x_TD.device(), x_TD.size(0), [&](std::int64_t first, std::int64_t rows) {
    out_TD.narrow(0, first, rows)
        .copy_(at::layer_norm(x_TD.narrow(0, first, rows), {x_TD.size(-1)}, gain_D, shift_D, eps));
  });
}

bool fuses(const at::Tensor& hidden_TD, std::initializer_list<at::Tensor> others) {
  return suits_kernels({hidden_TD}) && suits_kernels(others) && hidden_TD.scalar_type() == at::kFloat;
}

/// hidden += out * gate; an undefined gate is 1.
void add_plainly(const at::Tensor& hidden_TD, const at::Tensor& out_TD, const at::Tensor& gate_D) {
  gate_D.defined() ? add_gated_(hidden_TD, out_TD, gate_D) : add_(hidden_TD, out_TD);
}

/// Not filled.
E4m3Rows rows_for(const at::Tensor& x_TD) {
  return {at::empty(x_TD.sizes(), x_TD.options().dtype(at::kByte)),
          at::empty({x_TD.size(0)}, x_TD.options().dtype(at::kFloat))};
}

}  // namespace

at::Tensor layer_norm(const at::Tensor& x_TD, const LayerNorm& norm, at::ScalarType type) {
  const at::Tensor out_TD = at::empty(x_TD.sizes(), x_TD.options().dtype(type));
  if constexpr (kHasGpuKernels) {
    if (fuses(x_TD, {norm.gain_FD, norm.shift_FD})) {
      gpu::add_and_norm({x_TD, {}, {}, out_TD, norm.gain_FD, norm.shift_FD, norm.eps});
      return out_TD;
    }
  }
  if (norm.gain_FD.dim() == 1) {
    norm_rows(out_TD, x_TD, norm.gain_FD, norm.shift_FD, norm.eps);
    return out_TD;
  }
  const std::int64_t parts = norm.gain_FD.size(0), rows = x_TD.size(0) / parts;
  for (std::int64_t part = 0; part < parts; ++part) {
    norm_rows(out_TD.narrow(0, part * rows, rows), x_TD.narrow(0, part * rows, rows), norm.gain_FD[part],
              norm.shift_FD[part], norm.eps);
  }
  return out_TD;
}

at::Tensor add_then_norm(const at::Tensor& hidden_TD, const at::Tensor& out_TD, const at::Tensor& gate_D,
                         const LayerNorm& norm) {
  if constexpr (kHasGpuKernels) {
    if (fuses(hidden_TD, {out_TD, gate_D, norm.gain_FD, norm.shift_FD})) {
      const at::Tensor normed_TD = at::empty_like(out_TD);
      gpu::add_and_norm({hidden_TD, out_TD, gate_D, normed_TD, norm.gain_FD, norm.shift_FD, norm.eps});
      return normed_TD;
    }
  }
  add_plainly(hidden_TD, out_TD, gate_D);
  return layer_norm(hidden_TD, norm, out_TD.scalar_type());
}

E4m3Rows layer_norm_e4m3(const at::Tensor& x_TD, const LayerNorm& norm) {
  if constexpr (kHasGpuKernels) {
    if (fuses(x_TD, {norm.gain_FD, norm.shift_FD})) {
      const E4m3Rows rows = rows_for(x_TD);
      gpu::add_and_norm({x_TD, {}, {}, rows.bits_TI, norm.gain_FD, norm.shift_FD, norm.eps, rows.scale_T});
      return rows;
    }
  }
  return quantize_rows(layer_norm(x_TD, norm, at::kFloat));
}

E4m3Rows add_then_norm_e4m3(const at::Tensor& hidden_TD, const at::Tensor& out_TD, const at::Tensor& gate_D,
                            const LayerNorm& norm) {
  if constexpr (kHasGpuKernels) {
    if (fuses(hidden_TD, {out_TD, gate_D, norm.gain_FD, norm.shift_FD})) {
      const E4m3Rows rows = rows_for(hidden_TD);
      gpu::add_and_norm(
          {hidden_TD, out_TD, gate_D, rows.bits_TI, norm.gain_FD, norm.shift_FD, norm.eps, rows.scale_T});
      return rows;
    }
  }
  add_plainly(hidden_TD, out_TD, gate_D);
  return layer_norm_e4m3(hidden_TD, norm);
}

void add_gated_(const at::Tensor& hidden_TD, const at::Tensor& out_TD, const at::Tensor& gate_D) {
  if constexpr (kHasGpuKernels) {
    if (fuses(hidden_TD, {out_TD, gate_D}))
      return gpu::add_and_norm({hidden_TD, out_TD, gate_D, {}, {}, {}, 0});
  }
  for_row_tiles(hidden_TD.device(), hidden_TD.size(0), [&](std::int64_t first, std::int64_t rows) {
    hidden_TD.narrow(0, first, rows).addcmul_(out_TD.narrow(0, first, rows).to(at::kFloat), gate_D);
  });
}

void add_(const at::Tensor& hidden_TD, const at::Tensor& out_TD) {
  if constexpr (kHasGpuKernels) {
    if (fuses(hidden_TD, {out_TD})) return gpu::add_and_norm({hidden_TD, out_TD, {}, {}, {}, {}, 0});
  }
  for_row_tiles(hidden_TD.device(), hidden_TD.size(0), [&](std::int64_t first, std::int64_t rows) {
    hidden_TD.narrow(0, first, rows).add_(out_TD.narrow(0, first, rows));
  });
}

}  // namespace longtake
