#pragma once

#include <filesystem>

namespace longtake {

/// Writes a whole checkpoint in the published layout into `folder`: a transformer of random weights whose
/// sizes go with the encoders and the VAE of the reference set.
void write_small_checkpoint(const std::filesystem::path& folder);

}  // namespace longtake
