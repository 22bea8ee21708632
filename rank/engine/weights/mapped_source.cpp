#include "rank/engine/weights/mapped_source.h"

namespace longtake {

std::vector<std::string> MappedSource::names() const {
  std::vector<std::string> all;
  for (const auto& [name, place] : places_) all.push_back(name);
  return all;
}

std::vector<std::int64_t> MappedSource::shape_of(const std::string& name) const {
  return places_.at(name).tensor.shape;
}

at::Tensor MappedSource::read(const std::string& name, at::IntArrayRef) const {
  return view_of(places_.at(name).tensor);
}

bool MappedSource::is_float8(const std::string& name) const {
  const TensorType type = places_.at(name).tensor.type;
  return type == TensorType::F8_E4M3 || type == TensorType::F8_E5M2;
}

std::optional<E4m3Rows> MappedSource::read_e4m3(const std::string& name) const {
  const StoredTensor& stored = places_.at(name).tensor;
  if (stored.type != TensorType::F8_E4M3 || stored.shape.empty()) return std::nullopt;
  return E4m3Rows{bits_of(stored), at::ones({stored.shape[0]}, at::kFloat)};
}

std::string MappedSource::file_of(const std::string& name) const {
  const auto found = places_.find(name);
  return (found == places_.end() ? checkpoint_ : found->second.file).string();
}

}  // namespace longtake
