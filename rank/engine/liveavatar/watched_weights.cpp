#include "rank/engine/liveavatar/watched_weights.h"

#include <memory>
#include <utility>

#include "rank/engine/weights/weight_source.h"

namespace longtake {
namespace {

class WatchedSource : public WeightSource {
 public:
  WatchedSource(std::shared_ptr<const WeightSource> source, BeforeTensor before_tensor)
      : source_(std::move(source)), before_tensor_(std::move(before_tensor)) {}

  std::vector<std::string> names() const override { return source_->names(); }
  bool has(const std::string& name) const override { return source_->has(name); }
  std::vector<std::int64_t> shape_of(const std::string& name) const override {
    return source_->shape_of(name);
  }
  at::Tensor read(const std::string& name, at::IntArrayRef shape) const override {
    before_tensor_();
    return source_->read(name, shape);
  }
  std::string file_of(const std::string& name) const override { return source_->file_of(name); }
  bool has_shapes() const override { return source_->has_shapes(); }
  bool is_float8(const std::string& name) const override { return source_->is_float8(name); }
  std::optional<E4m3Rows> read_e4m3(const std::string& name) const override {
    before_tensor_();
    return source_->read_e4m3(name);
  }

 private:
  std::shared_ptr<const WeightSource> source_;
  BeforeTensor before_tensor_;
};

}  // namespace

Weights watched(const Weights& weights, BeforeTensor before_tensor) {
  return weights.over(std::make_shared<WatchedSource>(weights.source(), std::move(before_tensor)));
}

}  // namespace longtake
