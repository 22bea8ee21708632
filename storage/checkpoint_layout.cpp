#include "storage/checkpoint_layout.h"

#include <algorithm>
#include <string>
#include <vector>

#include "jobs/error.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

constexpr const char* kPublishedFolder = "Wan2.2-S2V-14B";
constexpr const char* kConfig = "config.json";
constexpr const char* kTransformer = "diffusion_pytorch_model";
constexpr const char* kTokenizer = "google/umt5-xxl/spiece.model";
constexpr const char* kAudio = "wav2vec2-large-xlsr-53-english/";

const Names& vae_names() {
  static const Names names = {"Wan2.1_VAE.pth", "Wan2.1_VAE.safetensors"};
  return names;
}

const Names& text_encoder_names() {
  static const Names names = {"models_t5_umt5-xxl-enc-bf16.pth", "models_t5_umt5-xxl-enc-bf16.safetensors"};
  return names;
}

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::InvalidInput, message); }

/// One of diffusion_pytorch_model.safetensors, its shards, its index.
bool is_transformer_file(const fs::path& path) {
  const std::string name = path.filename();
  return name.rfind(kTransformer, 0) == 0 && name.find(".safetensors") != std::string::npos;
}

bool has_transformer(const fs::path& folder) {
  return std::any_of(fs::directory_iterator(folder), fs::directory_iterator(),
                     [](const auto& entry) { return is_transformer_file(entry.path()); });
}

/// Whether this is where the parts lie, however few of them there are. A config.json says nothing: the
/// speech encoder's folder has one too.
bool has_parts(const fs::path& folder) {
  const auto is_there = [&](const std::string& name) { return fs::exists(folder / name); };
  return has_transformer(folder) || is_there(kTokenizer) ||
         std::any_of(vae_names().begin(), vae_names().end(), is_there) ||
         std::any_of(text_encoder_names().begin(), text_encoder_names().end(), is_there);
}

fs::path root_of(const fs::path& model) {
  if (!fs::exists(model)) refuse("the model " + model.string() + " is missing");
  if (!fs::is_directory(model)) refuse("the model " + model.string() + " is not a folder");
  if (fs::exists(model / kConfig) || has_parts(model)) return model;
  if (fs::is_directory(model / kPublishedFolder)) return model / kPublishedFolder;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(model)) {
    if (entry.is_directory() && has_parts(entry.path())) found.push_back(entry.path());
  }
  if (found.size() == 1) return found[0];
  refuse("the model " + model.string() + " must be the folder " + kPublishedFolder + " with its " + kConfig +
         ", or hold one such folder; it holds " + (found.empty() ? "none" : std::to_string(found.size())));
}

/// Looks up one part after the other and remembers what is not there, so that all of it is said at once.
class Search {
 public:
  explicit Search(fs::path root) : root_(std::move(root)) {}

  /// The first of `names` that exists.
  fs::path first_of(const Names& names) {
    for (const std::string& name : names) {
      if (fs::exists(root_ / name)) return root_ / name;
    }
    std::string wanted;
    for (const std::string& name : names) wanted += (wanted.empty() ? "" : " or ") + name;
    missing_.push_back(wanted);
    return {};
  }

  fs::path transformer() {
    if (!has_transformer(root_)) missing_.push_back(std::string(kTransformer) + "*.safetensors");
    return root_ / kTransformer;
  }

  void finish() const {
    if (missing_.empty()) return;
    std::string list;
    for (const std::string& name : missing_) list += (list.empty() ? "" : ", ") + name;
    refuse("the model " + root_.string() + " is not complete; missing: " + list);
  }

 private:
  fs::path root_;
  Names missing_;
};

}  // namespace

CheckpointLayout find_checkpoint(const fs::path& model) {
  Search search(root_of(model));
  const std::string audio = kAudio;
  CheckpointLayout layout;
  layout.transformer_config = search.first_of({kConfig});
  layout.transformer = search.transformer();
  layout.vae = search.first_of(vae_names());
  layout.vae_config = fs::path(layout.vae).replace_extension(".json");
  layout.text_encoder = search.first_of(text_encoder_names());
  layout.tokenizer = search.first_of({kTokenizer});
  layout.audio_config = search.first_of({audio + kConfig});
  layout.audio_encoder = search.first_of({audio + "model.safetensors", audio + "pytorch_model.bin"});
  search.finish();
  return layout;
}

std::set<fs::path> files_of(const CheckpointLayout& layout) {
  std::set<fs::path> files = {layout.transformer_config, layout.vae,          layout.text_encoder,
                              layout.tokenizer,          layout.audio_config, layout.audio_encoder};
  if (fs::exists(layout.vae_config)) files.insert(layout.vae_config);
  for (const auto& entry : fs::directory_iterator(layout.transformer.parent_path())) {
    if (is_transformer_file(entry.path())) files.insert(entry.path());
  }
  return files;
}

fs::path find_lora(const fs::path& lora) {
  constexpr const char* kFile = "liveavatar.safetensors";
  for (const fs::path& candidate : {lora, lora / kFile, lora / "LiveAvatar" / kFile}) {
    if (fs::is_regular_file(candidate)) return candidate;
  }
  refuse("the adaptation " + lora.string() + " is neither a file nor a folder with " + kFile);
}

fs::path adapter_config_of(const fs::path& lora) { return lora.parent_path() / "adapter_config.json"; }

}  // namespace longtake
