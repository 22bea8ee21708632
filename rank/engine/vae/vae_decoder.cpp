#include "rank/engine/vae/vae_decoder.h"

#include "jobs/error.h"
#include "rank/engine/shape_text.h"

// B batch (1), C channels, T frames, H height, W width
namespace longtake {
namespace {

/// Channels that leave the levels of the decoder at its two ends.
std::int64_t widest(const VaeConfig& config) { return config.dim * config.dim_mult.back(); }
std::int64_t narrowest(const VaeConfig& config) { return config.dim * config.dim_mult.front(); }

void check_latents(const VaeConfig& config, const at::Tensor& latents) {
  if (latents.dim() == 5 && latents.size(0) == 1 && latents.size(1) == config.z_dim && latents.size(2) >= 1) {
    return;
  }
  throw Error(ErrorKind::InvalidInput, "decoding latents: they must be [1, " + std::to_string(config.z_dim) +
                                           ", frames, height, width], got " + shape_text(latents.sizes()));
}

}  // namespace

VaeDecoder::VaeDecoder(const VaeConfig& config, const Weights& checkpoint)
    : VaeDecoder(config, checkpoint, checkpoint.select("decoder.")) {}

VaeDecoder::VaeDecoder(const VaeConfig& config, const Weights& checkpoint, const Weights& decoder)
    : config_(config),
      mean_C11_(at::tensor(config.latent_mean, at::kFloat).reshape({config.z_dim, 1, 1})),
      std_C11_(at::tensor(config.latent_std, at::kFloat).reshape({config.z_dim, 1, 1})),
      from_latent_(checkpoint, "conv2", {config.z_dim, config.z_dim}, FrameConv::Stored::As3d),
      conv_in_(decoder, "conv1", {config.z_dim, widest(config), 3, 3}),
      middle_(decoder, "middle", widest(config)),
      head_(decoder, "head", narrowest(config), 3) {
  std::int64_t channels = widest(config);
  int layer = 0;
  for (int level = config.levels() - 1; level >= 0; --level) {
    levels_.push_back(make_level(decoder, level, layer, channels));
  }
  for (const char* name : {"encoder.", "conv1."}) checkpoint.leave(name);
  checkpoint.refuse_unused();
  const at::Device device = checkpoint.options().device;
  mean_C11_ = mean_C11_.to(device);
  std_C11_ = std_C11_.to(device);
}

/// The layers of all levels are numbered through: `layer` is the next one's number. `channels` are those
/// that the level before hands over.
VaeDecoder::Level VaeDecoder::make_level(const Weights& weights, int level, int& layer,
                                         std::int64_t& channels) const {
  const auto index = static_cast<std::size_t>(level);
  const auto next_name = [&layer] { return "upsamples." + std::to_string(layer++); };
  const std::int64_t out = config_.dim * config_.dim_mult[index];
  Level made;
  for (std::int64_t block = 0; block <= config_.num_res_blocks; ++block) {
    made.blocks.emplace_back(weights, next_name(), channels, out);
    channels = out;
  }
  if (level > 0) {
    made.upsample.emplace_back(weights, next_name(), channels, config_.temporal_downsample[index - 1]);
    channels /= 2;
  }
  return made;
}

at::Tensor VaeDecoder::decode(VaeStream& stream, const at::Tensor& latents_BCTHW) const {
  check_latents(config_, latents_BCTHW);
  const at::Tensor latents_TCHW = latents_BCTHW[0].transpose(0, 1).to(mean_C11_.device(), at::kFloat);
  const at::Tensor z_TCHW = latents_TCHW * std_C11_ + mean_C11_;
  std::vector<at::Tensor> parts_TCHW;
  for (std::int64_t frame = 0; frame < z_TCHW.size(0); ++frame) {
    parts_TCHW.push_back(decode_frame(stream, z_TCHW.narrow(0, frame, 1)));
  }
  return at::cat(parts_TCHW, 0).transpose(0, 1).unsqueeze(0);
}

at::Tensor VaeDecoder::decode_frame(VaeStream& stream, const at::Tensor& z_1CHW) const {
  at::Tensor x_TCHW = from_latent_(channels_last(z_1CHW.to(from_latent_.dtype())));
  x_TCHW = middle_(conv_in_(x_TCHW, stream), stream);
  for (const Level& level : levels_) {
    for (const ResidualBlock& block : level.blocks) x_TCHW = block(x_TCHW, stream);
    for (const Upsample& upsample : level.upsample) x_TCHW = upsample(x_TCHW, stream);
  }
  return head_(x_TCHW, stream).to(at::kFloat);
}

}  // namespace longtake
