#include "jobs/model/memory_model.h"

#include <algorithm>

#include "jobs/gpu_allowance.h"
#include "jobs/model/vae_memory.h"
#include "jobs/model/weight_count.h"

namespace longtake {
namespace {

constexpr std::int64_t kLatentFramesPerBlock = 3;
constexpr std::int64_t kVaeStride = 8;
constexpr std::int64_t kFloatBytes = 4;

/// A process on a CPU: LibTorch's code, its threads, FFmpeg.
constexpr std::int64_t kProgram_bytes = 350'000'000;
/// Scores of one tile of attention.
constexpr std::int64_t kScores_bytes = 16 << 20;
/// Of an int8 matrix, as a product takes it (rank/engine/transformer/eight_bit_matrix.cpp).
constexpr std::int64_t kInt8Tile_bytes = 64 << 20;
/// Of the VAE's workspace, what LibTorch's allocator keeps besides where an engine decodes on a GPU. Its free
/// memory belongs to the stream that used it, and decoding has one of its own, in which the tensors of every
/// level leave gaps that those of the next do not fill (docs/performance-gpu.md has what was measured).
constexpr std::int64_t kKeptOfVaeWorkspace_percent = 120;

bool has_eight_bits(WeightType type) { return type == WeightType::Fp8 || type == WeightType::Int8; }

/// Of a number of whatever is not a matrix of a layer: other weights, activations, caches.
std::int64_t number_bytes(WeightType type, DeviceKind device) {
  if (has_eight_bits(type)) type = weight_type_of(Precision::Auto, device);
  return type == WeightType::Fp32 ? kFloatBytes : 2;
}
std::int64_t number_bytes(const MemoryDemand& demand) { return number_bytes(demand.weights, demand.device); }

/// The keys, or the values, of one token in one layer.
std::int64_t cached_token_bytes(const ModelShape& shape, const MemoryDemand& demand) {
  if (demand.kv_cache == KvCacheDtype::Fp8) return shape.dim + kFloatBytes;
  return shape.dim * number_bytes(demand);
}

std::int64_t matrix_bytes(const WeightCount& count, WeightType type, DeviceKind device) {
  if (!has_eight_bits(type)) return count.matrices * number_bytes(type, device);
  return count.matrices + count.matrix_rows * kFloatBytes;
}

std::int64_t chains_of_text(const MemoryDemand& demand) { return demand.guided ? 2 : 1; }

/// Step-major order keeps one step's cache alive, whatever the stage has to do; a stage of a layout that
/// splits the steps works block after block and keeps those of its own steps.
std::int64_t caches_of(const Layout& layout, const Stage& stage) {
  return splits_steps(layout.kind) ? stage.steps.length() : 1;
}

std::int64_t text_cache_bytes(const ModelShape& shape, const MemoryDemand& demand, std::int64_t layers) {
  return 2 * shape.text_len * shape.dim * number_bytes(demand) * layers;
}

/// A block's injected audio: keys and values of its local tokens, scale and shift of its global ones.
std::int64_t audio_cache_bytes(const ModelShape& shape, const MemoryDemand& demand, const Interval& layers) {
  const auto& inject = shape.audio_inject_layers;
  const auto injectors =
      std::count_if(inject.begin(), inject.end(), [&](std::int64_t layer) { return layers.contains(layer); });
  const std::int64_t keys_values = 2 * (shape.audio_tokens + 1) * shape.dim * number_bytes(demand);
  return injectors * kLatentFramesPerBlock * (keys_values + 2 * shape.dim * kFloatBytes);
}

/// What a product of eight-bit matrices needs for a moment: of fp8 its rounded inputs with their scales, of
/// int8 a tile of the matrix in the type of the inputs.
std::int64_t product_bytes(const ModelShape& shape, const MemoryDemand& demand, std::int64_t rows) {
  if (demand.weights == WeightType::Fp8) return rows * (shape.ffn_dim + kFloatBytes);
  if (demand.weights != WeightType::Int8) return 0;
  return std::min(kInt8Tile_bytes, shape.dim * shape.ffn_dim * number_bytes(demand));
}

/// One layer's keys and values, of a cache in eight bits, as attention reads them.
std::int64_t opened_cache_bytes(const ModelShape& shape, const MemoryDemand& demand) {
  if (demand.kv_cache == KvCacheDtype::Auto) return 0;
  const TokenCount tokens = tokens_of(demand.size, demand.infer_frames);
  return 2 * (tokens.sink + tokens.window) * shape.dim * number_bytes(demand);
}

/// Hidden states stay in 32 bits; a layer's input, queries, keys and the feed-forward network's inner
/// values are kept for all layers, and two or three results of products exist for a moment.
std::int64_t activation_bytes(const ModelShape& shape, const MemoryDemand& demand, const Stage& stage) {
  const TokenCount tokens = tokens_of(demand.size, demand.infer_frames);
  const std::int64_t rows = std::max(tokens.block, tokens.sink);
  const std::int64_t number = number_bytes(demand);
  const std::int64_t of_a_row = shape.dim * (3 * kFloatBytes + 4 * number) + shape.ffn_dim * number;
  return rows * of_a_row + product_bytes(shape, demand, rows) + kScores_bytes +
         opened_cache_bytes(shape, demand) + audio_cache_bytes(shape, demand, stage.layers);
}

/// Of keys before RoPE, in one layer. A cache in eight bits keeps no others of the reference.
std::int64_t reference_keys_bytes(const ModelShape& shape, const MemoryDemand& demand) {
  if (demand.kv_cache == KvCacheDtype::Fp8) return 0;
  return tokens_of(demand.size, demand.infer_frames).reference * shape.dim * number_bytes(demand);
}

/// Two to receive into, one to send from: hidden states between layers, latents between steps.
std::int64_t transport_bytes(const ModelShape& shape, const Layout& layout, const MemoryDemand& demand) {
  if (layout.ranks() == 1) return 0;
  const std::int64_t width = splits_layers(layout.kind) ? shape.dim : 4 * shape.latent_channels;
  const std::int64_t buffers = 3 * tokens_of(demand.size, demand.infer_frames).block * width * kFloatBytes;
  return buffers + (demand.device == DeviceKind::Gpu ? kNccl_bytes : 0);
}

class StagePrediction {
 public:
  StagePrediction(const ModelShape& shape, const Layout& layout, const MemoryDemand& demand,
                  const Stage& stage)
      : shape_(shape), layout_(layout), demand_(demand), stage_(stage) {}

  StageMemory generating() {
    memory_ = {};
    if (!stage_.layers.is_empty()) add_transformer();
    if (stage_.vae) add_vae();
    add("transport", transport_bytes(shape_, layout_, demand_));
    add_process();
    return memory_;
  }

  StageMemory encoding() {
    memory_ = {};
    add_encoders();
    add_process();
    return memory_;
  }

 private:
  void add(const char* component, std::int64_t bytes) {
    if (bytes > 0) memory_.components.push_back({component, bytes});
  }

  void add_transformer() {
    const std::int64_t layers = stage_.layers.length();
    const std::int64_t texts = chains_of_text(demand_);
    const std::int64_t caches = caches_of(layout_, stage_) * texts;
    add("transformer weights", stage_weight_bytes(shape_, stage_, demand_.weights, demand_.device));
    add("key/value cache", caches * window_cache_bytes(shape_, demand_, layers));
    add("sink cache", caches * sink_cache_bytes(shape_, demand_, layers));
    add("reference keys", texts * layers * reference_keys_bytes(shape_, demand_));
    add("text keys and values", texts * text_cache_bytes(shape_, demand_, layers));
    add("activations", activation_bytes(shape_, demand_, stage_));
  }

  void add_vae() {
    const std::int64_t number = number_bytes(demand_);
    const bool joins_history = demand_.device == DeviceKind::Gpu;
    add("vae weights", vae_decoder_weights(shape_.vae) * number);
    add("vae kept frames", vae_kept_numbers(shape_.vae, demand_.size) * number);
    const std::int64_t workspace = vae_workspace_numbers(shape_.vae, demand_.size, joins_history) * number;
    add("vae workspace", workspace);
    if (demand_.device == DeviceKind::Gpu) add("allocator", workspace * kKeptOfVaeWorkspace_percent / 100);
    // A block's frames in 32 bits, once more as bytes.
    add("frames", std::int64_t{demand_.size.height} * demand_.size.width * 3 * kFramesPerBlock * 5);
  }

  void add_encoders() {
    // Only the published encoders' sizes are known; those of a small model are lost in the program's.
    const bool is_published = shape_.text_dim == published_model().text_dim;
    const std::int64_t number = number_bytes(demand_);
    if (stage_.text && is_published) add("text encoder", umt5_xxl_weights() * number);
    if (stage_.audio && shape_.audio_dim == published_model().audio_dim) {
      add("speech encoder", wav2vec2_large_weights() * number);
    }
  }

  void add_process() {
    if (demand_.device == DeviceKind::Gpu) {
      add("cuda context", kCudaContext_bytes);
    } else {
      add("program", kProgram_bytes);
    }
  }

  const ModelShape& shape_;
  const Layout& layout_;
  const MemoryDemand& demand_;
  const Stage& stage_;
  StageMemory memory_;
};

}  // namespace

std::string_view name_of(WeightType type) {
  switch (type) {
    case WeightType::Bf16:
      return "bf16";
    case WeightType::Fp32:
      return "fp32";
    case WeightType::Fp8:
      return "fp8";
    case WeightType::Int8:
      return "int8";
  }
  return "";
}

WeightType weight_type_of(Precision precision, DeviceKind device) {
  switch (precision) {
    case Precision::Auto:
      return device == DeviceKind::Gpu ? WeightType::Bf16 : WeightType::Fp32;
    case Precision::Fp8:
      return WeightType::Fp8;
    case Precision::Int8:
      return WeightType::Int8;
  }
  return WeightType::Fp32;
}

TokenCount tokens_of(FrameSize size, int infer_frames) {
  const std::int64_t rows = size.height / kVaeStride / 2;
  const std::int64_t columns = size.width / kVaeStride / 2;
  TokenCount tokens;
  tokens.reference = rows * columns;
  tokens.block = kLatentFramesPerBlock * rows * columns;
  tokens.window = tokens.block * (infer_frames / kFramesPerBlock);
  // Of 19 motion frames the last keeps its resolution, two are halved in space and time, sixteen quartered.
  tokens.sink = 2 * rows * columns + (rows / 2) * (columns / 2) + 4 * (rows / 4) * (columns / 4);
  return tokens;
}

std::int64_t window_cache_bytes(const ModelShape& shape, const MemoryDemand& demand, std::int64_t layers) {
  const std::int64_t tokens = tokens_of(demand.size, demand.infer_frames).window;
  return 2 * layers * tokens * cached_token_bytes(shape, demand);
}

std::int64_t sink_cache_bytes(const ModelShape& shape, const MemoryDemand& demand, std::int64_t layers) {
  const std::int64_t tokens = tokens_of(demand.size, demand.infer_frames).sink;
  return 2 * layers * tokens * cached_token_bytes(shape, demand);
}

std::int64_t stage_weight_bytes(const ModelShape& shape, const Stage& stage, WeightType type,
                                DeviceKind device) {
  if (stage.layers.is_empty()) return 0;
  WeightCount layers;
  for (std::int64_t layer = stage.layers.begin; layer < stage.layers.end; ++layer) {
    layers += layer_weights(shape, layer);
  }
  std::int64_t bytes = matrix_bytes(layers, type, device) + layers.rest * number_bytes(type, device);
  // What listens to the audio and what writes the velocity compute in 32 bits.
  if (stage.layers.begin == 0) {
    bytes += input_weights(shape) * number_bytes(type, device) + audio_encoder_weights(shape) * kFloatBytes;
  }
  if (stage.layers.end == shape.layers) bytes += head_weights(shape) * kFloatBytes;
  return bytes;
}

std::vector<StageMemory> predict_memory(const ModelShape& shape, const Layout& layout,
                                        const MemoryDemand& demand) {
  std::vector<StageMemory> stages;
  for (const Stage& stage : layout.stages) {
    StagePrediction prediction(shape, layout, demand, stage);
    const StageMemory generating = prediction.generating();
    const StageMemory encoding = prediction.encoding();
    const bool encodes_more = encoding.total_bytes() > generating.total_bytes();
    stages.push_back(encodes_more ? encoding : generating);
  }
  return stages;
}

std::int64_t peak_bytes(const std::vector<StageMemory>& stages) {
  std::int64_t peak = 0;
  for (const StageMemory& stage : stages) peak = std::max(peak, stage.total_bytes());
  return peak;
}

}  // namespace longtake
