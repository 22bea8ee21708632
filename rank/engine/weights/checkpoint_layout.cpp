#include "rank/engine/weights/checkpoint_layout.h"

#include <algorithm>
#include <string>
#include <vector>

#include "jobs/error.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "config.json";

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::InvalidInput, message); }

/// The folder itself when it has a config.json, else its one subfolder that has.
fs::path root_of(const fs::path& model) {
  if (!fs::is_directory(model)) refuse("the model " + model.string() + " is not a folder");
  if (fs::exists(model / kConfig)) return model;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(model)) {
    if (entry.is_directory() && fs::exists(entry.path() / kConfig)) found.push_back(entry.path());
  }
  if (found.size() == 1) return found[0];
  refuse("the model " + model.string() + " must be the folder Wan2.2-S2V-14B with its config.json, or hold " +
         "one such folder; it holds " + std::to_string(found.size()));
}

/// Looks up one part after the other and remembers what is not there, so that all of it is said at once.
class Search {
 public:
  explicit Search(fs::path root) : root_(std::move(root)) {}

  /// The first of `names` that exists.
  fs::path first_of(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      if (fs::exists(root_ / name)) return root_ / name;
    }
    std::string wanted;
    for (const std::string& name : names) wanted += (wanted.empty() ? "" : " or ") + name;
    missing_.push_back(wanted);
    return {};
  }

  fs::path folder_with_shards() {
    for (const auto& entry : fs::directory_iterator(root_)) {
      const std::string name = entry.path().filename();
      if (name.find("diffusion_pytorch_model") == 0) return root_;
    }
    missing_.push_back("diffusion_pytorch_model*.safetensors");
    return {};
  }

  void finish() const {
    if (missing_.empty()) return;
    std::string list;
    for (const std::string& name : missing_) list += (list.empty() ? "" : ", ") + name;
    refuse("the model " + root_.string() + " is not complete; missing: " + list);
  }

 private:
  fs::path root_;
  std::vector<std::string> missing_;
};

}  // namespace

CheckpointLayout find_checkpoint(const fs::path& model) {
  Search search(root_of(model));
  const std::string audio = "wav2vec2-large-xlsr-53-english/";
  CheckpointLayout layout;
  layout.transformer_config = search.first_of({kConfig});
  layout.transformer = search.folder_with_shards();
  layout.vae = search.first_of({"Wan2.1_VAE.pth", "Wan2.1_VAE.safetensors"});
  layout.text_encoder =
      search.first_of({"models_t5_umt5-xxl-enc-bf16.pth", "models_t5_umt5-xxl-enc-bf16.safetensors"});
  layout.tokenizer = search.first_of({"google/umt5-xxl/spiece.model"});
  layout.audio_config = search.first_of({audio + kConfig});
  layout.audio_encoder = search.first_of({audio + "model.safetensors", audio + "pytorch_model.bin"});
  search.finish();
  return layout;
}

fs::path find_lora(const fs::path& lora) {
  constexpr const char* kFile = "liveavatar.safetensors";
  for (const fs::path& candidate : {lora, lora / kFile, lora / "LiveAvatar" / kFile}) {
    if (fs::is_regular_file(candidate)) return candidate;
  }
  refuse("the adaptation " + lora.string() + " is neither a file nor a folder with " + kFile);
}

}  // namespace longtake
