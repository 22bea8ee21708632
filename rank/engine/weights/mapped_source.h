#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "rank/engine/weights/stored_tensor.h"
#include "rank/engine/weights/weight_source.h"

namespace longtake {

/// Tensors that lie in one or more mapped files.
class MappedSource : public WeightSource {
 public:
  struct Place {
    StoredTensor tensor;
    std::filesystem::path file;
  };

  /// `checkpoint` is named where no single file can be.
  MappedSource(std::filesystem::path checkpoint, std::map<std::string, Place> places)
      : checkpoint_(std::move(checkpoint)), places_(std::move(places)) {}

  std::vector<std::string> names() const override;
  bool has(const std::string& name) const override { return places_.count(name) == 1; }
  std::vector<std::int64_t> shape_of(const std::string& name) const override;
  at::Tensor read(const std::string& name, at::IntArrayRef shape) const override;
  std::string file_of(const std::string& name) const override;
  bool is_float8(const std::string& name) const override;
  std::optional<E4m3Rows> read_e4m3(const std::string& name) const override;

 private:
  std::filesystem::path checkpoint_;
  std::map<std::string, Place> places_;
};

}  // namespace longtake
