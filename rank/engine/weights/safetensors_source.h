#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "rank/engine/weights/weight_source.h"

namespace longtake {

/// One .safetensors file. Throws Error{InvalidInput} when it is not a complete one.
std::unique_ptr<WeightSource> open_safetensors(const std::filesystem::path& file);

/// The shards that a "weight_map" of a .safetensors.index.json names. Throws Error{InvalidInput} naming
/// index, shard and tensor when a shard is missing, has not the tensor that the index promises, or has
/// one that the index does not say it has.
std::unique_ptr<WeightSource> open_safetensors_index(const std::filesystem::path& index);

/// Shards without an index. Throws Error{InvalidInput} when two hold a tensor of the same name.
std::unique_ptr<WeightSource> open_safetensors_shards(const std::filesystem::path& folder,
                                                      const std::vector<std::filesystem::path>& shards);

}  // namespace longtake
