// The video VAE on the CPU: its convolution in two forms, and one block of the published model.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "rank/engine/compute_threads.h"
#include "rank/engine/vae/vae_decoder.h"

namespace longtake {
namespace {

struct Setting {
  at::Tensor weight;
  at::Tensor bias;
  at::Tensor frames;
  StackedKernel stacked;
};

/// Arguments: channels in, channels out, frames, height, width; two frames of history go before.
Setting setting_of(const benchmark::State& state) {
  Setting setting;
  setting.weight = at::randn({state.range(1), state.range(0), 3, 3, 3});
  setting.bias = at::randn({state.range(1)});
  setting.frames =
      channels_last(at::randn({state.range(2) + 2, state.range(0), state.range(3), state.range(4)}));
  setting.stacked = StackedKernel::of(setting.weight, setting.bias);
  return setting;
}

void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({384, 384, 1, 32, 48})
      ->Args({384, 384, 2, 32, 48})
      ->Args({192, 192, 4, 64, 96})
      ->Args({96, 96, 4, 128, 192})
      ->Args({96, 3, 4, 128, 192})
      ->Args({8, 8, 4, 32, 48})
      ->Unit(benchmark::kMillisecond);
}

void conv_at_once(benchmark::State& state) {
  use_compute_threads(1);
  const c10::InferenceMode inference;
  Setting setting = setting_of(state);
  // As a caller without a reason to choose would have it: plain [N, C, T, H, W].
  const at::Tensor clip = setting.frames.transpose(0, 1).unsqueeze(0).contiguous();
  for (auto _ : state) {
    benchmark::DoNotOptimize(at::conv3d(clip, setting.weight, setting.bias, 1, {0, 1, 1}));
  }
}
BENCHMARK(conv_at_once)->Apply(shapes);

void conv_in_bands(benchmark::State& state) {
  use_compute_threads(1);
  const c10::InferenceMode inference;
  const Setting setting = setting_of(state);
  for (auto _ : state) {
    benchmark::DoNotOptimize(conv_by_bands(setting.stacked, views_of(setting.frames), {}));
  }
}
BENCHMARK(conv_in_bands)->Apply(shapes);

/// 12 frames of 3 latent ones, as published but for the random weights and the width. Arguments: channels at
/// full resolution (96 as published), height, width, threads.
void decode_block(benchmark::State& state) {
  use_compute_threads(static_cast<int>(state.range(3)));
  const c10::InferenceMode inference;
  VaeConfig config = published_vae();
  config.dim = state.range(0);
  const VaeDecoder decoder(config, random_weights(1, {}));
  const at::Tensor latents = at::randn({1, config.z_dim, 3, state.range(1) / 8, state.range(2) / 8});
  VaeStream stream;
  decoder.decode(stream, latents);
  for (auto _ : state) benchmark::DoNotOptimize(decoder.decode(stream, latents));
  state.counters["frames_per_s"] = benchmark::Counter(12, benchmark::Counter::kIsIterationInvariantRate);
}

void blocks(benchmark::internal::Benchmark* benchmark) {
  for (const std::int64_t threads : {1, 2}) {
    benchmark->Args({16, 128, 128, threads})
        ->Args({16, 192, 192, threads})
        ->Args({24, 192, 192, threads})
        ->Args({96, 128, 192, threads})
        ->Args({96, 256, 384, threads});
  }
  benchmark->Unit(benchmark::kMillisecond)->UseRealTime();
}
BENCHMARK(decode_block)->Apply(blocks);

}  // namespace
}  // namespace longtake
