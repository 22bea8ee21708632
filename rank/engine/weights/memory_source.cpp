#include "rank/engine/weights/memory_source.h"

namespace longtake {
namespace {

class MemorySource : public WeightSource {
 public:
  explicit MemorySource(std::map<std::string, at::Tensor> tensors) : tensors_(std::move(tensors)) {}

  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& [name, tensor] : tensors_) all.push_back(name);
    return all;
  }
  bool has(const std::string& name) const override { return tensors_.count(name) == 1; }
  std::vector<std::int64_t> shape_of(const std::string& name) const override {
    return tensors_.at(name).sizes().vec();
  }
  at::Tensor read(const std::string& name, at::IntArrayRef) const override { return tensors_.at(name); }
  std::string file_of(const std::string&) const override { return "the model in memory"; }

 private:
  std::map<std::string, at::Tensor> tensors_;
};

}  // namespace

std::unique_ptr<WeightSource> memory_source(std::map<std::string, at::Tensor> tensors) {
  return std::make_unique<MemorySource>(std::move(tensors));
}

}  // namespace longtake
