#include "rank/engine/bench/bench_run.h"

#include <c10/core/InferenceMode.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "jobs/error.h"
#include "jobs/gpu_allowance.h"
#include "jobs/model/memory_model.h"
#include "rank/engine/bench/attention_bench.h"
#include "rank/engine/bench/bench_model.h"
#include "rank/engine/bench/device_clock.h"
#include "rank/engine/bench/pass_bench.h"
#include "rank/engine/bench/plain_layers.h"
#include "rank/engine/bench/process_memory.h"
#include "rank/engine/bench/product_bench.h"
#include "rank/engine/bench/stage_model.h"
#include "rank/engine/bench/tensor_memory.h"
#include "rank/engine/devices/own_memory.h"
#include "rank/engine/gpu/device_memory.h"
#include "rank/engine/gpu/device_name.h"
#include "rank/engine/gpu/device_timer.h"
#include "rank/engine/gpu/memory_cap.h"
#include "rank/engine/pipeline/vae_frames.h"

namespace longtake {
namespace {

Layout layout_of(const BenchOptions& options, std::int64_t layers) {
  if (options.shares > layers) {
    throw Error(ErrorKind::InvalidInput, "--layout " + layout_name(options) + ": the model has only " +
                                             std::to_string(layers) + " layers to share");
  }
  return options.splits_steps ? steps_layout(layers, options.steps, options.shares)
                              : layers_layout(layers, options.steps, options.shares);
}

Stage stage_of(const BenchOptions& options, std::int64_t layers) {
  const Layout layout = layout_of(options, layers);
  if (options.share > layout.ranks()) {
    throw Error(ErrorKind::InvalidInput, "--layout " + layout_name(options) + ": that layout has only " +
                                             std::to_string(layout.ranks()) + " stages");
  }
  Stage stage = layout.stages.at(static_cast<std::size_t>(options.share) - 1);
  stage.vae = stage.vae && options.with_vae;
  stage.text = stage.audio = false;  // encoders are measured by themselves
  return stage;
}

class BenchRun {
 public:
  /// `own_memory`: of a GPU, from before its first use.
  BenchRun(const BenchOptions& options, const BenchModel& model, const std::optional<OwnMemory>& own_memory)
      : options_(options),
        model_(model),
        clip_(clip_shape(options.clip_frames, options.size, model.vae().z_dim, model.vae().spatial_stride())),
        stage_(stage_of(options, model.transformer().layers)),
        memory_(options.device),
        own_memory_(own_memory) {}

  BenchResult run() {
    result_.options = options_;
    result_.layers = stage_.layers;
    result_.steps = stage_.steps;
    result_.has_random_weights = model_.is_random();
    measure_beside();
    load();
    forget_process_peak();
    forget_device_peak(options_.device);
    if (transformer_) run_steps();
    if (decoder_) run_vae();
    if (transformer_ && decoder_ && !options_.device.is_cpu()) run_beside();
    if (options_.with_profile) profile();
    finish();
    if (!result_.beside_ms.empty()) compare_in_turn();
    return std::move(result_);
  }

 private:
  bool is_block_major() const { return options_.order == GenerationOrder::BlockMajor; }

  /// What is measured besides the engine's own work: before it, and gone when it begins.
  void measure_beside() {
    result_.device_name = options_.device.is_cpu() ? "cpu" : cuda_device_name(options_.device.index());
    result_.work = step_work(model_.transformer(), clip_, stage_.layers);
    const WeightOptions plain{options_.precision, options_.device};
    if (options_.with_ceilings) result_.ceilings = measure_ceilings(tensor_options());
    if (options_.with_encoders) {
      result_.encoders =
          BenchEncoders{bench_text_encoder(model_, plain), bench_speech_encoder(model_, plain)};
    }
    if (options_.with_products) measure_products();
    if (options_.with_baseline) measure_baseline();
    empty_device_cache(options_.device);
  }

  at::TensorOptions tensor_options() const {
    return at::TensorOptions(options_.precision).device(options_.device);
  }

  void measure_products() {
    result_.products = bench_products(options_, model_.transformer(), clip_, stage_.layers);
    if (auto attention = bench_attention(options_, model_.transformer(), clip_, stage_.layers)) {
      result_.products.push_back(*std::move(attention));
    }
    for (TimedWork& pass : bench_passes(options_, model_.transformer(), clip_, stage_.layers)) {
      result_.products.push_back(std::move(pass));
    }
  }

  void measure_baseline() {
    memory_.forget_peak();
    PlainLayers layers(model_.transformer(), clip_, stage_.layers, tensor_options());
    DeviceTimer timer(options_.device);
    for (std::int64_t block = 0; block < options_.all_blocks(); ++block) {
      timer.mark();
      layers.run();
    }
    timer.mark();
    BenchBaseline baseline;
    baseline.step_ms = timer.pieces_ms();
    baseline.step_ms.erase(baseline.step_ms.begin(), baseline.step_ms.begin() + options_.warmup_blocks);
    baseline.peak_bytes = memory_.peak_bytes();
    result_.baseline = std::move(baseline);
  }

  void load() {
    const std::int64_t begin_ns = now_ns();
    const WeightOptions weights{options_.precision, options_.device, options_.matrices};
    if (!stage_.layers.is_empty()) load_transformer(weights);
    if (stage_.vae) {
      measure("vae weights",
              [&] { decoder_ = std::make_unique<VaeDecoder>(model_.vae(), model_.vae_weights(weights)); });
      frames_ = std::make_unique<VaeFrames>(*decoder_, [](const std::uint8_t*) {});
    }
    wait_for(options_.device);
    result_.load_s = static_cast<double>(now_ns() - begin_ns) / 1e9;
  }

  void load_transformer(const WeightOptions& weights) {
    measure("transformer weights", [&] {
      transformer_ = std::make_unique<StageModel>(model_.transformer(), clip_, stage_,
                                                  model_.transformer_weights(weights));
    });
    transformer_->set_schedule(flow_schedule(options_.steps, false));
    measure("text keys and values", [&] { transformer_->read_texts(options_.is_guided ? 2 : 1); });
    transformer_->make_caches(is_block_major() ? stage_.steps : Interval{0, 1}, options_.kv_cache_dtype);
    const StageCacheBytes caches = transformer_->cache_bytes();
    measured_["key/value cache"] = caches.window;
    measured_["sink cache"] = caches.sink;
    measured_["reference keys"] = caches.reference;
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

  /// Every pass, in the order of `order`, without waiting for the device between them.
  void time_passes(const std::vector<std::pair<std::int64_t, std::int64_t>>& order) {
    DeviceTimer timer(options_.device);
    for (const auto& [step, block] : order) {
      if (block == 0 && !is_block_major()) transformer_->begin_step(step);
      timer.mark();
      transformer_->run(step, block);
    }
    timer.mark();
    const std::vector<double> pieces = timer.pieces_ms();
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (order[i].second >= options_.warmup_blocks) result_.step_ms.push_back(pieces[i]);
    }
  }

  void run_steps() {
    // What the sink left behind in the workspace is part of the activations.
    const std::int64_t before = memory_.live_bytes() - transformer_->layers().workspace_bytes();
    memory_.forget_peak();
    std::vector<std::pair<std::int64_t, std::int64_t>> order;  // steps and blocks
    const std::int64_t passes = stage_.steps.length(), blocks = options_.all_blocks();
    for (std::int64_t i = 0; i < passes * blocks; ++i) {
      order.emplace_back(stage_.steps.begin + (is_block_major() ? i % passes : i / blocks),
                         is_block_major() ? i / passes : i % blocks);
    }
    time_passes(order);
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
      result_.vae_ms.push_back(ms_of([&] {
        frames_->add(latent);
        frames_->catch_up();
      }));
    }
    measured_["vae workspace and frames"] = memory_.peak_bytes() - before;
    peak_tensors_ = std::max(peak_tensors_, memory_.peak_bytes());
  }

  /// Blocks in the last step, each decoded behind it, as an engine makes them: it takes every block's latents
  /// to the host, so it waits for the step. From block to block by the host's clock.
  std::vector<double> last_step_and_vae_ms() {
    const at::Tensor latent = latent_CFYX();
    std::vector<double> ms;
    std::int64_t begin = 0;
    for (std::int64_t block = 0; block <= options_.blocks; ++block) {
      transformer_->run(stage_.steps.end - 1, options_.all_blocks() + block);
      frames_->catch_up();
      wait_for(options_.device);
      frames_->add(latent);
      const std::int64_t end = now_ns();
      if (block > 0) ms.push_back(static_cast<double>(end - begin) / 1e6);
      begin = end;
    }
    frames_->catch_up();
    return ms;
  }

  void run_beside() {
    memory_.forget_peak();
    result_.beside_ms = last_step_and_vae_ms();
    peak_tensors_ = std::max(peak_tensors_, memory_.peak_bytes());
  }

  /// After what memory an engine takes is known: this takes more.
  void compare_in_turn() {
    frames_ = std::make_unique<VaeFrames>(
        *decoder_, [](const std::uint8_t*) {}, Decoding::InTurn);
    empty_device_cache(options_.device);
    frames_->precede(latent_CFYX());
    result_.in_turn_ms = last_step_and_vae_ms();
  }

  /// One block more, with the window as it is.
  void profile() {
    BenchProfile profile;
    {
      const OpProfile steps(options_.device, compute_threads_of_device());
      for (std::int64_t step = stage_.steps.begin; transformer_ && step < stage_.steps.end; ++step) {
        transformer_->run(step, options_.all_blocks());
      }
      profile.steps = steps.table();
    }
    if (decoder_) {
      const at::Tensor latent = latent_CFYX();
      const OpProfile vae(options_.device, compute_threads_of_device());
      frames_->add(latent);
      frames_->catch_up();
      profile.vae = vae.table();
    }
    result_.profile = std::move(profile);
  }

  int compute_threads_of_device() const { return options_.device.is_cpu() ? options_.threads : 1; }

  void finish() {
    result_.memory.end_tensors = memory_.live_bytes();
    result_.memory.peak_tensors = peak_tensors_;
    if (options_.device.is_cpu()) {
      result_.memory.peak_process = process_peak_bytes();
      if (result_.memory.peak_process) measured_["program"] = *result_.memory.peak_process - peak_tensors_;
    } else if (const auto device = device_memory(options_.device)) {
      result_.memory.peak_reserved = device->peak_reserved;
      result_.memory.beside = own_memory_->beside(device->reserved);
      if (result_.memory.beside) measured_["cuda context"] = *result_.memory.beside;
      result_.memory.peak_process =
          device->peak_reserved + result_.memory.beside.value_or(kCudaContext_bytes);
    }
    add_components();
  }

  std::vector<ComponentBytes> predicted() const {
    MemoryDemand demand;
    demand.size = options_.size;
    demand.infer_frames = options_.clip_frames;
    demand.guided = options_.is_guided;
    demand.device = options_.device.is_cpu() ? DeviceKind::Cpu : DeviceKind::Gpu;
    demand.weights = options_.precision == at::kFloat ? WeightType::Fp32 : WeightType::Bf16;
    if (options_.matrices != Precision::Auto) {
      demand.weights = weight_type_of(options_.matrices, demand.device);
    }
    demand.kv_cache = options_.kv_cache_dtype;
    // The planner knows block-major order from layouts that split the steps.
    const LayoutKind kind = is_block_major() ? LayoutKind::Steps : LayoutKind::Single;
    return predict_memory(model_.shape(), {kind, {stage_}}, demand).front().components;
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
  const std::optional<OwnMemory>& own_memory_;
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
  std::optional<OwnMemory> own_memory;
  if (!options.device.is_cpu()) own_memory.emplace(cuda_device_address(options.device.index()));
  use_growing_memory();
  cap_allocator(options.device,
                allocator_share(options.memory_bytes, options.shares > 1 || options.splits_steps));
  const BenchModel model(options);
  return BenchRun(options, model, own_memory).run();
}

}  // namespace longtake
