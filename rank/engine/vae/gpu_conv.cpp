#include "rank/engine/vae/gpu_conv.h"

#include <vector>

#include "rank/engine/kernels/enlarge.h"
#include "rank/engine/kernels/pixel_norm.h"

namespace longtake {
namespace {

struct Steps {
  std::vector<std::int64_t> padding;
  std::vector<std::int64_t> stride;
};

at::Tensor convolved(const at::Tensor& x, const at::Tensor& weight, const Steps& steps) {
  const std::vector<std::int64_t> dilation(steps.stride.size(), 1);
  if (x.is_cuda()) {
    return at::cudnn_convolution(x, weight, steps.padding, steps.stride, dilation, /*groups=*/1,
                                 /*benchmark=*/false, /*deterministic=*/true, /*allow_tf32=*/false);
  }
  const std::vector<std::int64_t> no_padding_of_out(steps.stride.size(), 0);
  return at::convolution(x, weight, /*bias=*/{}, steps.stride, steps.padding, dilation, /*transposed=*/false,
                         no_padding_of_out, /*groups=*/1);
}

/// [1, C, N, H, W]: the memory order N, H, W, C of the frames is that of a channels-last clip, without a
/// copy.
at::Tensor as_clip(const at::Tensor& frames_NCHW) {
  return frames_NCHW.permute({0, 2, 3, 1}).unsqueeze(0).permute({0, 4, 1, 2, 3});
}

}  // namespace

at::Tensor pixels_of(const at::Tensor& x_TCHW) {
  return x_TCHW.permute({0, 2, 3, 1}).view({-1, x_TCHW.size(1)});
}

at::Tensor conv_frames(const at::Tensor& weight_OCKK, const at::Tensor& bias_O, const at::Tensor& x_TCHW,
                       std::int64_t padding, std::int64_t stride) {
  const at::Tensor out_TOHW = convolved(x_TCHW, weight_OCKK, {{padding, padding}, {stride, stride}});
  add_bias_(pixels_of(out_TOHW), bias_O, /*plus=*/{});
  return out_TOHW;
}

at::Tensor conv_clip(const at::Tensor& weight_OCDKK, const at::Tensor& frames_NCHW, std::int64_t stride) {
  const std::int64_t padding = weight_OCDKK.size(3) / 2;
  const at::Tensor out_1OTHW =
      convolved(as_clip(frames_NCHW), weight_OCDKK, {{0, padding, padding}, {stride, 1, 1}});
  return out_1OTHW.squeeze(0).transpose(0, 1);
}

at::Tensor enlarged(const at::Tensor& x_TCHW, std::int64_t channels, const at::Tensor& bias) {
  const std::int64_t frames = x_TCHW.size(0) * (x_TCHW.size(1) / channels);
  const at::Tensor out_THWC =
      at::empty({frames, 2 * x_TCHW.size(2), 2 * x_TCHW.size(3), channels}, x_TCHW.options());
  enlarge_into(out_THWC, x_TCHW.permute({0, 2, 3, 1}), bias);
  return out_THWC.permute({0, 3, 1, 2});
}

}  // namespace longtake
