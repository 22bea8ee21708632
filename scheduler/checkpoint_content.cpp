#include "scheduler/checkpoint_content.h"

#include <set>

#include "storage/checkpoint_layout.h"
#include "storage/media/content_hash.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

/// Sorted, so that the order of the disk does not matter.
std::set<fs::path> files_of(const CheckpointLayout& layout) {
  std::set<fs::path> files = {layout.transformer_config, layout.vae,          layout.text_encoder,
                              layout.tokenizer,          layout.audio_config, layout.audio_encoder};
  const fs::path vae_sizes = fs::path(layout.vae).replace_extension(".json");
  if (fs::exists(vae_sizes)) files.insert(vae_sizes);
  const std::string stem = layout.transformer.filename();
  for (const auto& entry : fs::directory_iterator(layout.transformer.parent_path())) {
    const std::string name = entry.path().filename();
    if (name.rfind(stem, 0) == 0 && name.find(".safetensors") != std::string::npos)
      files.insert(entry.path());
  }
  return files;
}

}  // namespace

std::string content_of_checkpoint(const fs::path& model) {
  const CheckpointLayout layout = find_checkpoint(model);
  const fs::path root = layout.transformer_config.parent_path();
  std::string contents;
  for (const fs::path& file : files_of(layout)) {
    contents += file.lexically_relative(root).string() + " " + sampled_sha256_of_file(file) + "\n";
  }
  return sha256_of_text(contents);
}

std::string content_of_lora(const fs::path& lora) {
  const fs::path file = find_lora(lora);
  const fs::path config = adapter_config_of(file);
  const std::string weights = sampled_sha256_of_file(file);
  return fs::exists(config) ? sha256_of_text(weights + " " + sampled_sha256_of_file(config)) : weights;
}

}  // namespace longtake
