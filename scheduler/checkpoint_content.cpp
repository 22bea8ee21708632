#include "scheduler/checkpoint_content.h"

#include "storage/checkpoint_layout.h"
#include "storage/media/content_hash.h"

namespace longtake {

namespace fs = std::filesystem;

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
