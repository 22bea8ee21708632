#pragma once

#include <filesystem>
#include <set>

namespace longtake {

/// Where the parts of a published checkpoint lie.
struct CheckpointLayout {
  std::filesystem::path transformer_config;  ///< config.json
  std::filesystem::path transformer;         ///< the stem diffusion_pytorch_model, for open_weights
  std::filesystem::path vae;                 ///< Wan2.1_VAE.pth
  std::filesystem::path vae_config;          ///< Wan2.1_VAE.json, its shape; the published one has none
  std::filesystem::path text_encoder;        ///< models_t5_umt5-xxl-enc-bf16.pth
  std::filesystem::path tokenizer;           ///< google/umt5-xxl/spiece.model
  std::filesystem::path audio_config;        ///< wav2vec2-large-xlsr-53-english/config.json
  std::filesystem::path audio_encoder;       ///< its model.safetensors, or else pytorch_model.bin
};

/// `model` is the folder Wan2.2-S2V-14B, or a folder that has it (or, under another name, one folder with
/// such parts). The transformer is one file or shards, with or without an index; the VAE and the text
/// encoder may also be .safetensors files of the same stem. Throws Error{InvalidInput} with all that is
/// missing, with the names it should have and the folder where it was looked for.
CheckpointLayout find_checkpoint(const std::filesystem::path& model);

/// All files of it that the engine reads: of the transformer the one file, or shards and index.
std::set<std::filesystem::path> files_of(const CheckpointLayout& layout);

/// `lora` is a file, or a folder with liveavatar.safetensors or LiveAvatar/liveavatar.safetensors. Throws
/// Error{InvalidInput} with the names it should have.
std::filesystem::path find_lora(const std::filesystem::path& lora);

/// Where peft writes the sizes of the adaptation in the file `lora`; need not exist.
std::filesystem::path adapter_config_of(const std::filesystem::path& lora);

}  // namespace longtake
