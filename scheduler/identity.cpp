#include "scheduler/identity.h"

#include "storage/media/content_hash.h"

namespace longtake {

Identity identity_of(const JobSpec& spec, FrameSize size, const std::string& image_hash,
                     const std::string& audio_hash) {
  const JobSettings& settings = spec.settings;
  Identity identity;
  identity.of = {
      {"image", image_hash},
      {"audio", audio_hash},
      {"prompt", spec.prompt},
      {"size", {size.height, size.width}},
      {"engine", std::string(name_of(spec.engine))},
      {"model", spec.model.string()},
      {"lora", spec.lora.string()},
      {"sample_steps", settings.sample_steps},
      {"sample_guide_scale", settings.sample_guide_scale},
      {"fold_last_step", settings.fold_last_step},
      {"base_seed", settings.base_seed},
      {"num_clip", settings.num_clip ? nlohmann::json(*settings.num_clip) : nlohmann::json("auto")},
      {"infer_frames", settings.infer_frames},
      {"continuity", std::string(name_of(settings.continuity))},
      {"trim_silence", settings.trim_silence}};
  identity.hash = sha256_of_text(identity.of.dump());
  return identity;
}

std::string describe_difference(const nlohmann::json& before, const nlohmann::json& now) {
  std::string text;
  for (const auto& [key, value] : now.items()) {
    const nlohmann::json old = before.value(key, nlohmann::json());
    if (old == value) continue;
    if (!text.empty()) text += "; ";
    const bool is_content = key == "image" || key == "audio";
    text +=
        is_content ? key + " has other content" : key + " was " + old.dump() + " and is now " + value.dump();
  }
  return text;
}

}  // namespace longtake
