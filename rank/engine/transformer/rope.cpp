#include "rank/engine/transformer/rope.h"

#include <cmath>

namespace longtake {
namespace {

constexpr double kBase = 10000.0;

/// One axis: complex64 [positions, pairs]. `width` counts the values of a head that belong to the axis.
at::Tensor axis_turns(const std::vector<std::int64_t>& positions, std::int64_t width) {
  const auto count = static_cast<std::int64_t>(positions.size());
  const std::int64_t pairs = width / 2;
  const at::Tensor angles = at::empty({count, pairs}, at::kDouble);
  double* angle = angles.data_ptr<double>();
  for (const std::int64_t position : positions) {
    for (std::int64_t pair = 0; pair < pairs; ++pair) {
      const double exponent = static_cast<double>(2 * pair) / static_cast<double>(width);
      *angle++ = static_cast<double>(position) * (1.0 / std::pow(kBase, exponent));
    }
  }
  return at::complex(angles.cos().to(at::kFloat), angles.sin().to(at::kFloat));
}

/// Without waiting for the device: it reads memory that stays as it is until it has done so.
at::Tensor on_device(const at::Tensor& host, at::Device device) {
  if (!device.is_cuda()) return host.to(device);
  return host.pin_memory().to(device, host.scalar_type(), /*non_blocking=*/true);
}

}  // namespace

at::Tensor rotation_TJ(const GridPositions& positions, std::int64_t head_dim, at::Device device) {
  // Rows and columns get a sixth of the head's values each, in pairs; frames get the rest.
  const std::int64_t spatial = 2 * (head_dim / 6);
  const at::Tensor frames = on_device(axis_turns(positions.frames, head_dim - 2 * spatial), device);
  const at::Tensor rows = on_device(axis_turns(positions.rows, spatial), device);
  const at::Tensor columns = on_device(axis_turns(positions.columns, spatial), device);
  const std::int64_t f = frames.size(0), h = rows.size(0), w = columns.size(0);
  return at::cat({frames.view({f, 1, 1, -1}).expand({f, h, w, -1}),
                  rows.view({1, h, 1, -1}).expand({f, h, w, -1}),
                  columns.view({1, 1, w, -1}).expand({f, h, w, -1})},
                 -1)
      .view({f * h * w, head_dim / 2});
}

at::Tensor rotation_TJ(const std::vector<GridPositions>& runs, std::int64_t head_dim, at::Device device) {
  std::vector<at::Tensor> turns;
  for (const GridPositions& run : runs) turns.push_back(rotation_TJ(run, head_dim, device));
  return at::cat(turns);
}

}  // namespace longtake
