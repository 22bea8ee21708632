#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "jobs/error.h"
#include "rank/engine/weights/float8_source.h"
#include "rank/engine/weights/lora_alpha.h"
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
                                           std::to_string(shards.size()) + " of the shards of " + first +
                                           ", whose name says that there are " + std::to_string(count));
}

/// The files of `folder` whose names begin and end so.
Paths files_named(const std::filesystem::path& folder, const std::string& begin, const std::string& end) {
  Paths files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const bool begins = entry.path().filename().string().compare(0, begin.size(), begin) == 0;
    if (begins && ends_with(entry.path(), end)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// The checkpoint among the files of `folder` whose names begin with `stem`. An index says which files it
/// needs; without one there must be no choice.
std::unique_ptr<WeightSource> open_stem(const std::filesystem::path& folder, const std::string& stem) {
  const Paths indexes = files_named(folder, stem, ".safetensors.index.json");
  if (indexes.size() == 1) return open_safetensors_index(indexes[0]);
  const Paths files = files_named(folder, stem, ".safetensors");
  if (files.size() == 1 && !is_shard(files[0])) return open_safetensors(files[0]);
  if (indexes.empty() && !files.empty() && std::all_of(files.begin(), files.end(), is_shard)) {
    check_complete(folder, files);
    return open_safetensors_shards(folder, files);
  }
  const std::string wanted = (folder / (stem + "*.safetensors")).string();
  if (indexes.empty() && files.empty()) throw Error(ErrorKind::InvalidInput, "there is no " + wanted);
  throw Error(ErrorKind::InvalidInput, wanted + " must be one .safetensors.index.json, one .safetensors " +
                                           "file or its numbered shards; there are " +
                                           std::to_string(indexes.size()) + " indexes and " +
                                           std::to_string(files.size()) + " .safetensors files");
}

std::unique_ptr<WeightSource> open_files(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) return open_stem(path, "");
  if (!path.has_extension() && std::filesystem::is_directory(path.parent_path())) {
    return open_stem(path.parent_path(), path.filename());
  }
  if (!std::filesystem::exists(path)) throw Error(ErrorKind::InvalidInput, path.string() + " is missing");
  if (ends_with(path, ".safetensors.index.json")) return open_safetensors_index(path);
  if (ends_with(path, ".safetensors")) return open_safetensors(path);
  if (ends_with(path, ".pth") || ends_with(path, ".bin")) return open_pth(path);
  throw Error(ErrorKind::InvalidInput, "cannot open the weights " + path.string() +
                                           ": the name must end in .safetensors, " +
                                           ".safetensors.index.json, .pth or .bin");
}

std::unique_ptr<WeightSource> open_source(const std::filesystem::path& path) {
  return float8_source(open_files(path));
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
  auto source = open_source(lora);  // first: a file that is none is said to be none
  const double stated = stated_alpha(lora).value_or(alpha);
  return base.over(lora_source(base.source(), std::move(source), stated, base.options().device));
}

}  // namespace longtake
