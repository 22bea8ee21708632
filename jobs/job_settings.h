#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jobs/kv_cache_dtype.h"
#include "jobs/precision.h"

namespace longtake {

class YamlDocument;

enum class Continuity {
  Auto,      ///< as few ranges as the night allows
  Chained,   ///< one range
  Parallel,  ///< as many ranges as groups can use
};
enum class Toggle { Auto, Off, On };
enum class OnOom { Fail, SmallerSize };

/// "auto", "chained", "parallel": the spelling in job files and reports. Same for the others.
std::string_view name_of(Continuity continuity);
std::string_view name_of(Toggle toggle);
std::string_view name_of(OnOom on_oom);

/// A size as written in a job file: only the area counts, the aspect follows the image.
struct SizeLimit {
  std::string text;       ///< "704*384"
  std::int64_t area = 0;  ///< pixels
};

/// "704*384" or "704x384"; nullopt for anything else, and for sides outside 64 to 8192.
std::optional<SizeLimit> size_limit_from(std::string_view text);

/// How to make a film: the keys of a job file that a preset may set too. Defaults are the job file's.
struct JobSettings {
  SizeLimit size{"704*384", 704 * 384};
  int sample_steps = 4;
  double sample_guide_scale = 0;
  bool fold_last_step = false;
  std::int64_t base_seed = 420;
  std::optional<std::int64_t> num_clip;  ///< nullopt: auto, the whole recording
  int infer_frames = 48;                 ///< a multiple of kFramesPerBlock
  Toggle enable_online_decode = Toggle::Auto;
  Toggle offload_model = Toggle::Auto;
  Precision precision = Precision::Auto;
  KvCacheDtype kv_cache_dtype = KvCacheDtype::Auto;
  Continuity continuity = Continuity::Auto;
  std::optional<int> segment_clips;  ///< nullopt: auto, about four minutes of work
  bool trim_silence = true;
  OnOom on_oom = OnOom::Fail;
};

/// One forward pass denoises a block: 3 latent frames, which the VAE turns into 4 video frames each.
inline constexpr int kFramesPerBlock = 12;

/// Sets what `yaml` holds and leaves the rest of `settings` as it is; wrong values and combinations
/// that make no sense become problems of `yaml`.
void read_settings(YamlDocument& yaml, JobSettings& settings);

}  // namespace longtake
