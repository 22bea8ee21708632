#include "scheduler/planner/avatar_cost.h"

#include <algorithm>

#include "jobs/model/vae_operations.h"

namespace longtake {
namespace {

/// Of the vendor's dense rate, what a film reaches with everything in it, decoding too: of one engine on an
/// H200 at 720x400, four steps of 131e12 operations for each block (docs/performance-gpu.md).
constexpr double kReachedShare = 0.50;      // 1059 ms a block
constexpr double kReachedShareFp8 = 0.31;   // 856 ms, of twice the rate; attention stays in bf16
constexpr double kReachedShareInt8 = 0.30;  // 1785 ms: matrices are multiplied out before every product
/// Of that, with keys and values in fp8, which are opened before they are attended to: 14.00 of 14.43
/// frames/s on an H100 with matrices in fp8.
constexpr double kShareWithKvCacheInFp8 = 0.97;
/// What a slot without a GPU reaches in float32, in the transformer as in the decoder: one core with 512-bit
/// vectors (docs/performance.md; the bundled model takes 31 ms a step and 446 ms for decoding a block).
constexpr double kCpuSlot_gflops = 150;

double reached_by_gpu_flops(const Profile& profile, WeightType weights) {
  if (weights == WeightType::Fp8 && profile.fp8_tflops > 0)
    return profile.fp8_tflops * 1e12 * kReachedShareFp8;
  return profile.bf16_tflops * 1e12 * (weights == WeightType::Int8 ? kReachedShareInt8 : kReachedShare);
}

double reached_flops(const Profile& profile, const MemoryDemand& demand) {
  if (profile.device == DeviceKind::Cpu) return kCpuSlot_gflops * 1e9;
  const double share = demand.kv_cache == KvCacheDtype::Fp8 ? kShareWithKvCacheInFp8 : 1;
  return share * reached_by_gpu_flops(profile, demand.weights);
}

/// Engines that work on a chain at the same time.
std::int64_t transformers_of(const Layout& layout) {
  return std::count_if(layout.stages.begin(), layout.stages.end(),
                       [](const Stage& stage) { return !stage.layers.is_empty(); });
}

}  // namespace

AvatarDemand demand_of(const JobSettings& settings, FrameSize size, const ModelShape& shape,
                       DeviceKind device) {
  AvatarDemand demand;
  demand.shape = shape;
  demand.memory.size = size;
  demand.memory.infer_frames = settings.infer_frames;
  demand.memory.guided = settings.sample_guide_scale != 0 && settings.sample_guide_scale != 1;
  demand.memory.device = device;
  demand.memory.weights = weight_type_of(settings.precision, device);
  demand.memory.kv_cache = settings.kv_cache_dtype;
  demand.steps = std::max(1, settings.sample_steps - (settings.fold_last_step ? 1 : 0));
  demand.online_decode = settings.enable_online_decode == Toggle::On;
  return demand;
}

double block_operations(const ModelShape& shape, FrameSize size, int infer_frames) {
  const TokenCount tokens = tokens_of(size, infer_frames);
  const auto number = [](std::int64_t value) { return static_cast<double>(value); };
  const double dim = number(shape.dim), layers = number(shape.layers), block = number(tokens.block);
  const double seen = number(tokens.sink + tokens.window + shape.text_len);
  const double products = layers * (6 * dim * dim + 2 * dim * number(shape.ffn_dim)) +
                          number(static_cast<std::int64_t>(shape.audio_inject_layers.size())) * 2 * dim * dim;
  const double attention = layers * 2 * seen * dim;
  return 2 * block * (products + attention);
}

namespace {

/// A chain is as fast as its slowest engine: the last one, which decodes, unless it does nothing else.
double seconds_per_block(const Profile& profile, const AvatarDemand& demand, const Layout& layout) {
  const double texts = demand.memory.guided ? 2 : 1;
  const double operations = block_operations(demand.shape, demand.memory.size, demand.memory.infer_frames);
  const double passes = static_cast<double>(demand.steps) * texts;
  const double engines = static_cast<double>(transformers_of(layout));
  const double reached = reached_flops(profile, demand.memory);
  const double denoising = passes * operations / (reached * engines);
  if (profile.device == DeviceKind::Gpu) return denoising;  // decoding is in the share that is reached

  const double decoding =
      kFramesPerBlock * decoding_operations(demand.shape.vae, demand.memory.size) / reached;
  return layout.stages.back().layers.is_empty() ? std::max(denoising, decoding) : denoising + decoding;
}

}  // namespace

double avatar_frames_per_second(const Profile& profile, const AvatarDemand& demand, const Layout& layout) {
  return kFramesPerBlock / seconds_per_block(profile, demand, layout);
}

}  // namespace longtake
