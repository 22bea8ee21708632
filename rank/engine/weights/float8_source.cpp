#include "rank/engine/weights/float8_source.h"

#include <array>
#include <map>
#include <set>

#include "jobs/error.h"
#include "rank/engine/shape_text.h"

namespace longtake {
namespace {

constexpr const char* kMarker = "scaled_fp8";
constexpr std::array<const char*, 3> kScales = {".weight_scale", ".scale_weight", ".scale"};
constexpr std::array<const char*, 3> kOfInputs = {".input_scale", ".scale_input", ".comfy_quant"};

/// "X" of "X.weight"; empty for other names.
std::string layer_of(const std::string& name) {
  constexpr std::string_view kEnd = ".weight";
  const bool is_weight =
      name.size() > kEnd.size() && name.compare(name.size() - kEnd.size(), kEnd.size(), kEnd) == 0;
  return is_weight ? name.substr(0, name.size() - kEnd.size()) : "";
}

class Float8Source : public WeightSource {
 public:
  explicit Float8Source(std::unique_ptr<const WeightSource> stored) : stored_(std::move(stored)) {
    hidden_.insert(kMarker);
    for (const std::string& name : stored_->names()) {
      if (stored_->is_float8(name) && !layer_of(name).empty()) find_companions(name);
    }
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const std::string& name : stored_->names()) {
      if (hidden_.count(name) == 0) all.push_back(name);
    }
    return all;
  }
  bool has(const std::string& name) const override { return hidden_.count(name) == 0 && stored_->has(name); }
  bool has_shapes() const override { return stored_->has_shapes(); }
  std::vector<std::int64_t> shape_of(const std::string& name) const override {
    return stored_->shape_of(name);
  }
  std::string file_of(const std::string& name) const override { return stored_->file_of(name); }
  bool is_float8(const std::string& name) const override { return stored_->is_float8(name); }

  at::Tensor read(const std::string& name, at::IntArrayRef shape) const override {
    const at::Tensor tensor = stored_->read(name, shape);
    if (scales_.count(name) == 0) return tensor;
    std::vector<std::int64_t> per_row(static_cast<std::size_t>(tensor.dim()), 1);
    per_row[0] = tensor.size(0);
    return tensor * scale_of_rows(name, tensor.size(0)).view(per_row);
  }

  std::optional<E4m3Rows> read_e4m3(const std::string& name) const override {
    auto rows = stored_->read_e4m3(name);
    if (rows && scales_.count(name) == 1) rows->scale_T = scale_of_rows(name, rows->bits_TI.size(0));
    return rows;
  }

 private:
  void find_companions(const std::string& weight) {
    const std::string layer = layer_of(weight);
    for (const char* end : kOfInputs) hidden_.insert(layer + end);
    for (const char* end : kScales) {
      if (!stored_->has(layer + end)) continue;
      hidden_.insert(layer + end);
      scales_[weight] = layer + end;
      check_shape(weight, layer + end);
    }
  }

  void check_shape(const std::string& weight, const std::string& scale) const {
    const std::vector<std::int64_t> rows = stored_->shape_of(weight);
    std::int64_t numbers = 1;
    for (const std::int64_t length : stored_->shape_of(scale)) numbers *= length;
    if (numbers == 1 || (!rows.empty() && numbers == rows[0])) return;
    throw Error(ErrorKind::InvalidInput, "tensor '" + scale + "' of " + stored_->file_of(scale) +
                                             " has shape " + shape_text(stored_->shape_of(scale)) +
                                             "; a scale of '" + weight + "', shape " + shape_text(rows) +
                                             ", must be one number or one for each row");
  }

  at::Tensor scale_of_rows(const std::string& weight, std::int64_t rows) const {
    const std::string& name = scales_.at(weight);
    return stored_->read(name, stored_->shape_of(name)).to(at::kFloat).flatten().expand({rows}).contiguous();
  }

  std::unique_ptr<const WeightSource> stored_;
  std::map<std::string, std::string> scales_;  ///< of weights
  std::set<std::string> hidden_;
};

}  // namespace

std::unique_ptr<WeightSource> float8_source(std::unique_ptr<const WeightSource> stored) {
  return std::make_unique<Float8Source>(std::move(stored));
}

}  // namespace longtake
