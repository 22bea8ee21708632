#pragma once

#include <filesystem>
#include <optional>

namespace longtake {

/// The alpha that an adaptation's file says for all its pairs: "lora_alpha" in the metadata of a
/// .safetensors file, else in peft's adapter_config.json beside it; nullopt when neither is there. Throws
/// Error{InvalidInput} naming file and key for an alpha that is not a number, and for what peft can say
/// that is not alpha/rank for all pairs alike ("use_rslora", "alpha_pattern").
std::optional<double> stated_alpha(const std::filesystem::path& lora);

}  // namespace longtake
