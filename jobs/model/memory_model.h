#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "jobs/clip_math.h"
#include "jobs/device_kind.h"
#include "jobs/job_settings.h"
#include "jobs/kv_cache_dtype.h"
#include "jobs/layout.h"
#include "jobs/model/model_shape.h"
#include "jobs/precision.h"

/// How many bytes each engine of a group needs at its peak, before anything is started. docs/memory.md
/// explains the components and has the tables.
namespace longtake {

/// What the matrices of the layers are stored in. Everything else is stored and computed in the same type;
/// beside eight bits in 16 on a GPU, in 32 on a CPU.
enum class WeightType { Bf16, Fp32, Fp8, Int8 };

/// "bf16", "fp32", "fp8", "int8".
std::string_view name_of(WeightType type);

/// What the engine stores them in on such a device.
WeightType weight_type_of(Precision precision, DeviceKind device);

/// What decides how much memory a job takes, besides model and layout.
struct MemoryDemand {
  FrameSize size;
  int infer_frames = 48;  ///< of a clip: the window that the cache rolls over
  bool guided = false;    ///< a guide scale other than 0 and 1: a second text, and twice the caches
  WeightType weights = WeightType::Bf16;
  DeviceKind device = DeviceKind::Gpu;
  KvCacheDtype kv_cache = KvCacheDtype::Auto;
};

/// Tokens of the transformer for frames of one size.
struct TokenCount {
  std::int64_t block = 0;   ///< 3 latent frames
  std::int64_t window = 0;  ///< the blocks of a clip
  std::int64_t sink = 0;    ///< reference image and packed motion frames
  std::int64_t reference = 0;
};
TokenCount tokens_of(FrameSize size, int infer_frames);

/// Keys and values of the rolling window, and of the sink, of these layers for one denoising step.
std::int64_t window_cache_bytes(const ModelShape& shape, const MemoryDemand& demand, std::int64_t layers);
std::int64_t sink_cache_bytes(const ModelShape& shape, const MemoryDemand& demand, std::int64_t layers);

/// The weights of a stage: its layers, and at the two ends of the chain what makes tokens and velocities.
std::int64_t stage_weight_bytes(const ModelShape& shape, const Stage& stage, WeightType type,
                                DeviceKind device);

/// The predicted peak of each stage of `layout`. Text and speech are encoded before the transformer is
/// loaded; of that moment and of generating, the larger is given.
std::vector<StageMemory> predict_memory(const ModelShape& shape, const Layout& layout,
                                        const MemoryDemand& demand);

/// Of the largest stage.
std::int64_t peak_bytes(const std::vector<StageMemory>& stages);

}  // namespace longtake
