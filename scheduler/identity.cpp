#include "scheduler/identity.h"

#include <map>

#include "jobs/cut_points.h"
#include "storage/media/content_hash.h"

namespace longtake {
namespace {

/// The keys whose values are hashes, in words.
const std::map<std::string, std::string>& contents() {
  static const std::map<std::string, std::string> table = {{"image", "image has other content"},
                                                           {"audio", "audio has other content"},
                                                           {"model", "the checkpoint has other content"},
                                                           {"lora", "lora has other content"}};
  return table;
}

std::string word_of(const nlohmann::json& value) { return value.is_null() ? "not set" : value.dump(); }

}  // namespace

Identity identity_of(const JobSpec& spec, FrameSize size, const InputContents& hashes) {
  const JobSettings& settings = spec.settings;
  Identity identity;
  identity.of = {
      {"image", hashes.image},
      {"audio", hashes.audio},
      {"prompt", spec.prompt},
      {"size", {size.height, size.width}},
      {"engine", std::string(name_of(spec.engine))},
      {"model", hashes.model},
      {"lora", hashes.lora},
      {"sample_steps", settings.sample_steps},
      {"sample_guide_scale", settings.sample_guide_scale},
      {"fold_last_step", settings.fold_last_step},
      {"base_seed", settings.base_seed},
      {"num_clip", settings.num_clip ? nlohmann::json(*settings.num_clip) : nlohmann::json("auto")},
      {"infer_frames", settings.infer_frames},
      {"continuity", std::string(name_of(settings.continuity))},
      {"trim_silence", settings.trim_silence}};
  // Where the window of attention is filled anew; a slate has none.
  if (spec.engine == EngineKind::LiveAvatar) {
    identity.of["segment_clips"] = avatar_segment_clips(settings);
    identity.of["precision"] = hashes.precision;
    // Not when it is what it was before there was a choice: films that were begun then go on.
    if (settings.kv_cache_dtype != KvCacheDtype::Auto) {
      identity.of["kv_cache_dtype"] = name_of(settings.kv_cache_dtype);
    }
  }
  identity.hash = sha256_of_text(identity.of.dump());
  return identity;
}

std::string describe_difference(const nlohmann::json& before, const nlohmann::json& now) {
  std::string text;
  nlohmann::json all = before;
  all.update(now);
  for (const auto& item : all.items()) {
    const std::string& key = item.key();
    const nlohmann::json old = before.value(key, nlohmann::json()), value = now.value(key, nlohmann::json());
    if (old == value) continue;
    if (!text.empty()) text += "; ";
    const auto content = contents().find(key);
    const bool had_and_has = !old.empty() && old != "" && value != "";
    text += content != contents().end() && had_and_has
                ? content->second
                : key + " was " + word_of(old) + " and is now " + word_of(value);
  }
  return text;
}

}  // namespace longtake
