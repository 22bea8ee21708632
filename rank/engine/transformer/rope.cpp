#include "rank/engine/transformer/rope.h"

#include <cmath>

#include "rank/engine/compute_threads.h"
#include "rank/engine/profile_scopes.h"

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

at::Tensor as_complex(const at::Tensor& x_THK) {
  return at::view_as_complex(x_THK.view({x_THK.size(0), x_THK.size(1), x_THK.size(2) / 2, 2}));
}

void rotate_rows(const at::Tensor& out_THK, const at::Tensor& x_THK, const at::Tensor& turn_TJ) {
  RECORD_USER_SCOPE(kRotaryScope);
  const at::Tensor turn_T1J = turn_TJ.unsqueeze(1);
  if (out_THK.scalar_type() == at::kFloat && x_THK.scalar_type() == at::kFloat) {
    at::Tensor out = as_complex(out_THK);
    at::mul_out(out, as_complex(x_THK), turn_T1J);
    return;
  }
  const at::Tensor turned = as_complex(x_THK.to(at::kFloat)).mul(turn_T1J);
  out_THK.copy_(at::view_as_real(turned).view(x_THK.sizes()));
}

}  // namespace

at::Tensor rotation_TJ(const GridPositions& positions, std::int64_t head_dim, at::Device device) {
  // Rows and columns get a sixth of the head's values each, in pairs; frames get the rest.
  const std::int64_t spatial = 2 * (head_dim / 6);
  const at::Tensor frames = axis_turns(positions.frames, head_dim - 2 * spatial);
  const at::Tensor rows = axis_turns(positions.rows, spatial);
  const at::Tensor columns = axis_turns(positions.columns, spatial);
  const std::int64_t f = frames.size(0), h = rows.size(0), w = columns.size(0);
  return at::cat({frames.view({f, 1, 1, -1}).expand({f, h, w, -1}),
                  rows.view({1, h, 1, -1}).expand({f, h, w, -1}),
                  columns.view({1, 1, w, -1}).expand({f, h, w, -1})},
                 -1)
      .view({f * h * w, head_dim / 2})
      .to(device);
}

at::Tensor rotation_TJ(const std::vector<GridPositions>& runs, std::int64_t head_dim, at::Device device) {
  std::vector<at::Tensor> turns;
  for (const GridPositions& run : runs) turns.push_back(rotation_TJ(run, head_dim, device));
  return at::cat(turns);
}

void rotate_into(const at::Tensor& out_THK, const at::Tensor& x_THK, const at::Tensor& turn_TJ) {
  for_row_tiles(x_THK.device(), x_THK.size(0), [&](std::int64_t first, std::int64_t rows) {
    rotate_rows(out_THK.narrow(0, first, rows), x_THK.narrow(0, first, rows), turn_TJ.narrow(0, first, rows));
  });
}

}  // namespace longtake
