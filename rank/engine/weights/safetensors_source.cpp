#include "rank/engine/weights/safetensors_source.h"

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "jobs/error.h"
#include "rank/engine/weights/mapped_source.h"
#include "storage/safetensors.h"

namespace longtake {
namespace {

using Places = std::map<std::string, MappedSource::Place>;
using WeightMap = std::map<std::string, std::string>;  // tensor -> file name of its shard

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::InvalidInput, message); }

Places places_in(const std::filesystem::path& file) {
  const SafetensorsFile opened(file);
  const auto mapped = std::make_shared<const MappedFile>(file);
  Places places;
  for (const auto& [name, entry] : opened.entries()) {
    places[name] = {{mapped, entry.type, entry.offset, entry.shape, {}}, file};
  }
  return places;
}

WeightMap weight_map_of(const std::filesystem::path& index) {
  std::ifstream stream(index);
  if (!stream) throw_errno("cannot open " + index.string());
  const auto json = nlohmann::json::parse(stream, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) refuse(index.string() + " is not an index of shards: it is not JSON");
  try {
    return json.at("weight_map").get<WeightMap>();
  } catch (const nlohmann::json::exception&) {
    refuse(index.string() + " is not an index of shards: it needs a \"weight_map\" of tensor to file");
  }
}

Places open_shard(const std::filesystem::path& index, const std::string& shard, const std::string& tensor) {
  const std::filesystem::path file = index.parent_path() / shard;
  if (!std::filesystem::exists(file)) {
    refuse(file.string() + " is missing; " + index.string() + " says that it holds '" + tensor + "'");
  }
  return places_in(file);
}

/// A tensor beside those that the index names would never be missed, nor one that is in two shards.
void check_index_names_all(const std::filesystem::path& index, const WeightMap& weight_map,
                           const std::string& shard, const Places& places) {
  for (const auto& [tensor, place] : places) {
    const auto named = weight_map.find(tensor);
    if (named != weight_map.end() && named->second == shard) continue;
    refuse("tensor '" + tensor + "' is in " + place.file.string() + "; " + index.string() +
           (named == weight_map.end() ? " does not name it" : " says that it is in " + named->second));
  }
}

}  // namespace

std::unique_ptr<WeightSource> open_safetensors(const std::filesystem::path& file) {
  return std::make_unique<MappedSource>(file, places_in(file));
}

std::unique_ptr<WeightSource> open_safetensors_index(const std::filesystem::path& index) {
  const WeightMap weight_map = weight_map_of(index);
  std::map<std::string, Places> shards;
  Places places;
  for (const auto& [tensor, shard] : weight_map) {
    if (shards.count(shard) == 0) shards[shard] = open_shard(index, shard, tensor);
    const auto found = shards.at(shard).find(tensor);
    if (found == shards.at(shard).end()) {
      refuse((index.parent_path() / shard).string() + " has no tensor '" + tensor + "'; " + index.string() +
             " says that it does");
    }
    places.insert(*found);
  }
  for (const auto& [shard, there] : shards) check_index_names_all(index, weight_map, shard, there);
  return std::make_unique<MappedSource>(index, std::move(places));
}

std::unique_ptr<WeightSource> open_safetensors_shards(const std::filesystem::path& folder,
                                                      const std::vector<std::filesystem::path>& shards) {
  Places places;
  for (const std::filesystem::path& shard : shards) {
    for (auto& [name, place] : places_in(shard)) {
      const auto [there, is_new] = places.try_emplace(name, place);
      if (!is_new) {
        refuse("tensor '" + name + "' is both in " + there->second.file.string() + " and in " +
               shard.string());
      }
    }
  }
  return std::make_unique<MappedSource>(folder, std::move(places));
}

}  // namespace longtake
