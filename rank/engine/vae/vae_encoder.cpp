#include "rank/engine/vae/vae_encoder.h"

#include "jobs/error.h"
#include "rank/engine/shape_text.h"

// B batch (1), C channels, T frames, H height, W width
namespace longtake {
namespace {

std::int64_t widest(const VaeConfig& config) { return config.dim * config.dim_mult.back(); }

}  // namespace

VaeEncoder::VaeEncoder(const VaeConfig& config, const Weights& checkpoint)
    : VaeEncoder(config, checkpoint, checkpoint.select("encoder.")) {}

VaeEncoder::VaeEncoder(const VaeConfig& config, const Weights& checkpoint, const Weights& encoder)
    : config_(config),
      mean_C11_(at::tensor(config.latent_mean, at::kFloat).reshape({config.z_dim, 1, 1})),
      std_C11_(at::tensor(config.latent_std, at::kFloat).reshape({config.z_dim, 1, 1})),
      conv_in_(encoder, "conv1", {3, config.dim, 3, 3}),
      middle_(encoder, "middle", widest(config)),
      head_(encoder, "head", widest(config), 2 * config.z_dim),
      to_latent_(checkpoint, "conv1", {2 * config.z_dim, 2 * config.z_dim}, FrameConv::Stored::As3d) {
  std::int64_t channels = config.dim;
  int layer = 0;
  for (int level = 0; level < config.levels(); ++level) {
    levels_.push_back(make_level(encoder, level, layer, channels));
  }
  for (const char* name : {"decoder.", "conv2."}) checkpoint.leave(name);
  checkpoint.refuse_unused();
  const at::Device device = checkpoint.options().device;
  mean_C11_ = mean_C11_.to(device);
  std_C11_ = std_C11_.to(device);
}

/// The layers of all levels are numbered through: `layer` is the next one's number. `channels` are those
/// that the level before hands over.
VaeEncoder::Level VaeEncoder::make_level(const Weights& weights, int level, int& layer,
                                         std::int64_t& channels) const {
  const auto index = static_cast<std::size_t>(level);
  const auto next_name = [&layer] { return "downsamples." + std::to_string(layer++); };
  const std::int64_t out = config_.dim * config_.dim_mult[index];
  Level made;
  for (std::int64_t block = 0; block < config_.num_res_blocks; ++block) {
    made.blocks.emplace_back(weights, next_name(), channels, out);
    channels = out;
  }
  if (level + 1 < config_.levels()) {
    made.downsample.emplace_back(weights, next_name(), channels, config_.temporal_downsample[index]);
  }
  return made;
}

void VaeEncoder::check_frames(const VaeStream& stream, const at::Tensor& frames) const {
  const std::int64_t stride = config_.spatial_stride(), time = config_.temporal_stride();
  const bool is_video = frames.dim() == 5 && frames.size(0) == 1 && frames.size(1) == 3;
  if (is_video && frames.size(3) % stride == 0 && frames.size(4) % stride == 0) {
    const std::int64_t alone = stream.is_new() ? 1 : 0;
    if (frames.size(2) >= 1 && (frames.size(2) - alone) % time == 0) return;
  }
  throw Error(ErrorKind::InvalidInput,
              "encoding frames: they must be [1, 3, frames, height, width], height and width multiples of " +
                  std::to_string(stride) + ", frames a multiple of " + std::to_string(time) +
                  (stream.is_new() ? " and one" : "") + ", got " + shape_text(frames.sizes()));
}

at::Tensor VaeEncoder::encode(VaeStream& stream, const at::Tensor& frames_BCTHW) const {
  check_frames(stream, frames_BCTHW);
  const at::Tensor frames_TCHW = frames_BCTHW[0].transpose(0, 1);
  std::vector<at::Tensor> parts_TCHW;
  for (std::int64_t first = 0; first < frames_TCHW.size(0);) {
    const std::int64_t count = stream.is_new() ? 1 : config_.temporal_stride();
    parts_TCHW.push_back(encode_chunk(stream, frames_TCHW.narrow(0, first, count)));
    first += count;
  }
  const at::Tensor mean_TCHW = at::cat(parts_TCHW, 0).narrow(1, 0, config_.z_dim);
  return ((mean_TCHW - mean_C11_) / std_C11_).transpose(0, 1).unsqueeze(0);
}

/// The mean in the first half of the channels, the logarithm of the variance in the second.
at::Tensor VaeEncoder::encode_chunk(VaeStream& stream, const at::Tensor& frames_TCHW) const {
  const at::Tensor in_TCHW = frames_TCHW.to(mean_C11_.device(), to_latent_.dtype());
  at::Tensor x_TCHW = conv_in_(channels_last(in_TCHW), stream);
  for (const Level& level : levels_) {
    for (const ResidualBlock& block : level.blocks) x_TCHW = block(x_TCHW, stream);
    for (const Downsample& downsample : level.downsample) x_TCHW = downsample(x_TCHW, stream);
  }
  return to_latent_(head_(middle_(x_TCHW, stream), stream)).to(at::kFloat);
}

}  // namespace longtake
