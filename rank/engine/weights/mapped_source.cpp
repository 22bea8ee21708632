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

std::string MappedSource::file_of(const std::string& name) const {
  const auto found = places_.find(name);
  return (found == places_.end() ? checkpoint_ : found->second.file).string();
}

}  // namespace longtake
