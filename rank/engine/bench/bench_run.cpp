#include "rank/engine/bench/bench_run.h"

#include <c10/core/InferenceMode.h>

#include <fstream>
#include <functional>
#include <map>
#include <memory>

#include "jobs/error.h"
#include "jobs/model/memory_model.h"
#include "rank/engine/bench/device_clock.h"
#include "rank/engine/bench/process_memory.h"
#include "rank/engine/bench/stage_model.h"
#include "rank/engine/bench/tensor_memory.h"
#include "rank/engine/pipeline/vae_frames.h"
#include "rank/engine/torch_compat.h"

namespace longtake {
namespace {

constexpr std::uint64_t kVaeSeed = 7;
constexpr int kClipFrames = 48;

/// The model that a config.json describes, as the engine and as the planner read it.
struct BenchModel {
  TransformerConfig transformer;
  VaeConfig vae;
  ModelShape shape;
};

BenchModel read_model(const std::filesystem::path& given) {
  const std::filesystem::path file = std::filesystem::is_directory(given) ? given / "config.json" : given;
  std::ifstream stream(file, std::ios::binary);
  if (!stream)
    throw Error(ErrorKind::InvalidInput, "--config " + given.string() + ": cannot read " + file.string());
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  BenchModel model{parse_transformer_config(text, file.string()), published_vae(),
                   parse_model_shape(text, file.string())};
  const nlohmann::json document = nlohmann::json::parse(text);
  if (document.contains("vae")) model.vae = vae_config_from(document.at("vae"), file.string() + ": vae");
  if (model.vae.z_dim == model.transformer.latent_channels) return model;
  throw Error(ErrorKind::InvalidInput, file.string() + ": in_dim is " +
                                           std::to_string(model.transformer.latent_channels) +
                                           ", the VAE's z_dim is " + std::to_string(model.vae.z_dim));
}

Stage stage_of(const BenchOptions& options, std::int64_t layers) {
  if (options.shares > layers) {
    throw Error(ErrorKind::InvalidInput, "--layout layers:" + std::to_string(options.share) + "/" +
                                             std::to_string(options.shares) + ": the model has only " +
                                             std::to_string(layers) + " layers to share");
  }
  Stage stage = layers_layout(layers, options.steps, options.shares)
                    .stages.at(static_cast<std::size_t>(options.share) - 1);
  stage.vae = stage.vae && options.with_vae;
  stage.text = stage.audio = false;  // no encoders here
  return stage;
}

class BenchRun {
 public:
  BenchRun(const BenchOptions& options, const BenchModel& model)
      : options_(options),
        model_(model),
        clip_(clip_shape(kClipFrames, options.size, model.vae.z_dim, model.vae.spatial_stride())),
        stage_(stage_of(options, model.transformer.layers)),
        memory_(options.device) {}

  BenchResult run() {
    load();
    forget_process_peak();
    forget_device_peak(options_.device);
    run_steps();
    if (decoder_) run_vae();
    if (options_.with_profile) profile();
    finish();
    return std::move(result_);
  }

 private:
  bool is_block_major() const { return options_.order == GenerationOrder::BlockMajor; }

  void load() {
    result_.options = options_;
    result_.layers = stage_.layers;
    const WeightOptions weights{options_.precision, options_.device};
    measure("transformer weights",
            [&] { transformer_ = std::make_unique<StageModel>(model_.transformer, clip_, stage_, weights); });
    transformer_->set_schedule(flow_schedule(options_.steps, false));
    measure("text keys and values", [&] { transformer_->read_text(); });
    transformer_->make_caches(is_block_major() ? options_.steps : 1);
    const StageCacheBytes caches = transformer_->cache_bytes();
    measured_["key/value cache"] = caches.window;
    measured_["sink cache"] = caches.sink;
    measured_["reference keys"] = caches.reference;
    if (!stage_.vae) return;
    measure("vae weights",
            [&] { decoder_ = std::make_unique<VaeDecoder>(model_.vae, random_weights(kVaeSeed, weights)); });
    frames_ = std::make_unique<VaeFrames>(*decoder_, [](const std::uint8_t*) {});
  }

  /// What lives on after `make`.
  void measure(const char* component, const std::function<void()>& make) {
    const std::int64_t before = memory_.live_bytes();
    make();
    measured_[component] = memory_.live_bytes() - before;
  }

  double ms_of(const std::function<void()>& work) {
    wait_for(options_.device);
    const std::int64_t begin = now_ns();
    work();
    wait_for(options_.device);
    return static_cast<double>(now_ns() - begin) / 1e6;
  }

  void pass(std::int64_t step, std::int64_t block) {
    const double ms = ms_of([&] { transformer_->run(step, block); });
    if (block >= options_.warmup_blocks) result_.step_ms.push_back(ms);
  }

  void run_steps() {
    // What the sink left behind in the workspace is part of the activations.
    const std::int64_t before = memory_.live_bytes() - transformer_->layers().workspace_bytes();
    memory_.forget_peak();
    const std::int64_t outer = is_block_major() ? options_.all_blocks() : options_.steps;
    const std::int64_t inner = is_block_major() ? options_.steps : options_.all_blocks();
    for (std::int64_t i = 0; i < outer; ++i) {
      if (!is_block_major()) transformer_->begin_step(i);
      for (std::int64_t j = 0; j < inner; ++j) is_block_major() ? pass(j, i) : pass(i, j);
    }
    measured_["activations"] = memory_.peak_bytes() - before;
    peak_tensors_ = memory_.peak_bytes();
  }

  at::Tensor latent_CFYX() const {
    return at::zeros({clip_.channels, kBlockLatentFrames, clip_.height, clip_.width},
                     at::TensorOptions(at::kFloat).device(options_.device));
  }

  void run_vae() {
    const at::Tensor latent = latent_CFYX();
    measure("vae kept frames", [&] { frames_->precede(latent); });
    const std::int64_t before = memory_.live_bytes();
    memory_.forget_peak();
    for (std::int64_t block = 0; block < options_.blocks; ++block) {
      result_.vae_ms.push_back(ms_of([&] { frames_->add(latent); }));
    }
    measured_["vae workspace and frames"] = memory_.peak_bytes() - before;
    peak_tensors_ = std::max(peak_tensors_, memory_.peak_bytes());
  }

  /// One block more, with the window as it is.
  void profile() {
    BenchProfile profile;
    {
      const OpProfile steps(options_.device, compute_threads_of_device());
      for (std::int64_t step = 0; step < options_.steps; ++step) {
        transformer_->run(step, options_.all_blocks());
      }
      profile.steps = steps.table();
    }
    if (decoder_) {
      const at::Tensor latent = latent_CFYX();
      const OpProfile vae(options_.device, compute_threads_of_device());
      frames_->add(latent);
      profile.vae = vae.table();
    }
    result_.profile = std::move(profile);
  }

  int compute_threads_of_device() const { return options_.device.is_cpu() ? options_.threads : 1; }

  void finish() {
    result_.memory.end_tensors = memory_.live_bytes();
    result_.memory.peak_tensors = peak_tensors_;
    const auto device = device_memory(options_.device);
    if (options_.device.is_cpu()) {
      result_.memory.peak_process = process_peak_bytes();
    } else if (device) {
      result_.memory.peak_process = device->peak_reserved;
      measured_["cuda context"] = device->used - device->peak_reserved;
    }
    if (options_.device.is_cpu() && result_.memory.peak_process) {
      measured_["program"] = *result_.memory.peak_process - peak_tensors_;
    }
    add_components();
  }

  std::vector<ComponentBytes> predicted() const {
    MemoryDemand demand;
    demand.size = options_.size;
    demand.infer_frames = kClipFrames;
    demand.weights = options_.precision == at::kFloat ? WeightType::Fp32 : WeightType::Bf16;
    demand.device = options_.device.is_cpu() ? DeviceKind::Cpu : DeviceKind::Gpu;
    // The planner knows block-major order from layouts that split the steps.
    const LayoutKind kind = is_block_major() ? LayoutKind::Steps : LayoutKind::Single;
    return predict_memory(model_.shape, {kind, {stage_}}, demand).front().components;
  }

  void add_components() {
    std::map<std::string, std::int64_t> predictions;
    for (const ComponentBytes& part : predicted()) {
      const bool is_decoding = part.component == "vae workspace" || part.component == "frames";
      predictions[is_decoding ? "vae workspace and frames" : part.component] += part.bytes;
      result_.memory.predicted_total += part.bytes;
    }
    for (const auto& [component, bytes] : predictions) {
      const auto found = measured_.find(component);
      result_.memory.components.push_back(
          {component, bytes, found == measured_.end() ? std::nullopt : std::optional(found->second)});
    }
  }

  const BenchOptions& options_;
  const BenchModel& model_;
  ClipShape clip_;
  Stage stage_;
  TensorMemory memory_;
  std::unique_ptr<StageModel> transformer_;
  std::unique_ptr<VaeDecoder> decoder_;
  std::unique_ptr<VaeFrames> frames_;
  std::map<std::string, std::int64_t> measured_;
  std::int64_t peak_tensors_ = 0;
  BenchResult result_;
};

}  // namespace

BenchResult run_bench(const BenchOptions& options) {
  const c10::InferenceMode inference;
  const BenchModel model = read_model(options.config);
  return BenchRun(options, model).run();
}

}  // namespace longtake
