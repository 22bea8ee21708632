#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "jobs/error.h"
#include "rank/engine/weights/lora_source.h"
#include "rank/engine/weights/memory_source.h"
#include "rank/engine/weights/pth_source.h"
#include "rank/engine/weights/random_source.h"
#include "rank/engine/weights/safetensors_source.h"
#include "rank/engine/weights/weights.h"

namespace longtake {
namespace {

using Paths = std::vector<std::filesystem::path>;

bool ends_with(const std::filesystem::path& path, const std::string& end) {
  const std::string name = path.filename();
  return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
}

bool is_shard(const std::filesystem::path& path) {
  return path.filename().string().find("-of-") != std::string::npos;
}

/// All of model-00001-of-00003.safetensors to model-00003-of-00003.safetensors must be there.
void check_complete(const std::filesystem::path& folder, const Paths& shards) {
  const std::string first = shards[0].filename();
  const std::size_t count = std::strtoul(first.c_str() + first.find("-of-") + 4, nullptr, 10);
  if (count == shards.size()) return;
  throw Error(ErrorKind::InvalidInput, "the folder " + folder.string() + " has " +
                                           std::to_string(shards.size()) + " shards; " + first +
                                           " says that there are " + std::to_string(count));
}

Paths files_ending(const std::filesystem::path& folder, const std::string& end) {
  Paths files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (ends_with(entry.path(), end)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::unique_ptr<WeightSource> open_folder(const std::filesystem::path& folder) {
  const Paths indexes = files_ending(folder, ".safetensors.index.json");
  if (indexes.size() == 1) return open_safetensors_index(indexes[0]);
  const Paths files = files_ending(folder, ".safetensors");
  if (files.size() == 1 && !is_shard(files[0])) return open_safetensors(files[0]);
  if (indexes.empty() && !files.empty() && std::all_of(files.begin(), files.end(), is_shard)) {
    check_complete(folder, files);
    return open_safetensors_shards(folder, files);
  }
  throw Error(ErrorKind::InvalidInput,
              "the folder " + folder.string() + " must hold one .safetensors.index.json, one .safetensors " +
                  "file or its numbered shards; it has " + std::to_string(indexes.size()) + " indexes and " +
                  std::to_string(files.size()) + " .safetensors files");
}

std::unique_ptr<WeightSource> open_source(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) throw Error(ErrorKind::InvalidInput, path.string() + " is missing");
  if (std::filesystem::is_directory(path)) return open_folder(path);
  if (ends_with(path, ".safetensors.index.json")) return open_safetensors_index(path);
  if (ends_with(path, ".safetensors")) return open_safetensors(path);
  if (ends_with(path, ".pth") || ends_with(path, ".bin")) return open_pth(path);
  throw Error(ErrorKind::InvalidInput, "cannot open the weights " + path.string() +
                                           ": the name must end in .safetensors, " +
                                           ".safetensors.index.json, .pth or .bin");
}

}  // namespace

Weights open_weights(const std::filesystem::path& path, WeightOptions options) {
  return Weights(open_source(path), options);
}

Weights weights_of(std::map<std::string, at::Tensor> tensors, WeightOptions options) {
  return Weights(memory_source(std::move(tensors)), options);
}

Weights random_weights(std::uint64_t seed, WeightOptions options) {
  return Weights(random_source(seed, options.device), options);
}

Weights with_lora(Weights base, const std::filesystem::path& lora, double alpha) {
  return base.over(lora_source(base.source(), open_source(lora), alpha, base.options().device));
}

}  // namespace longtake
