#include "rank/engine/weights/lora_source.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "jobs/error.h"
#include "rank/engine/shape_text.h"
#include "rank/engine/weights/weights.h"

// O rows of a weight, I its columns, R rank of the adaptation

namespace longtake {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::InvalidInput, message); }

/// What the file has for one weight, as names in the file; empty: not there.
struct Adaptation {
  std::string down;   // A [R, I]
  std::string up;     // B [O, R]
  std::string alpha;  // one number
  std::string whole;  // replaces the weight before the rest is added
};

enum class Role { Down, Up, Alpha, Whole };

struct Key {
  Role role;
  std::string weight;  // with the wrapper's prefix still on it
};

bool cut_end(std::string& text, const std::string& end) {
  if (text.size() < end.size() || text.compare(text.size() - end.size(), end.size(), end) != 0) return false;
  text.resize(text.size() - end.size());
  return true;
}

/// "X.lora_A.default.weight" is the A of "X.weight".
Key key_of(const std::string& name) {
  for (const auto& [marker, role] :
       {std::pair(".lora_A.", Role::Down), std::pair(".lora_B.", Role::Up),
        std::pair(".lora_down.", Role::Down), std::pair(".lora_up.", Role::Up)}) {
    const std::size_t at = name.find(marker);
    if (at != std::string::npos) return {role, name.substr(0, at) + ".weight"};
  }
  std::string stem = name;
  if (cut_end(stem, ".alpha")) return {Role::Alpha, stem + ".weight"};
  const std::size_t wrapped = stem.find(".base_layer.");
  if (wrapped != std::string::npos) stem.replace(wrapped, std::string(".base_layer.").size(), ".");
  return {Role::Whole, stem};
}

/// The base's weight that `name` means when the parts before some of its dots are a wrapper's.
std::optional<std::string> without_wrapper(const std::string& name, const WeightSource& base) {
  for (std::string candidate = name;; candidate.erase(0, candidate.find('.') + 1)) {
    if (base.has(candidate)) return candidate;
    if (candidate.find('.') == std::string::npos) return std::nullopt;
  }
}

bool is_one_number(const std::vector<std::int64_t>& shape) {
  return std::all_of(shape.begin(), shape.end(), [](std::int64_t length) { return length == 1; });
}

std::string& slot_of(Adaptation& adaptation, Role role) {
  switch (role) {
    case Role::Down:
      return adaptation.down;
    case Role::Up:
      return adaptation.up;
    case Role::Alpha:
      return adaptation.alpha;
    case Role::Whole:
      return adaptation.whole;
  }
  throw Error(ErrorKind::Bug, "a tensor of an adaptation has no role");
}

class LoraSource : public WeightSource {
 public:
  LoraSource(std::shared_ptr<const WeightSource> base, std::unique_ptr<const WeightSource> lora, double alpha,
             at::Device device)
      : base_(std::move(base)), lora_(std::move(lora)), alpha_(alpha), device_(device) {
    for (const std::string& name : lora_->names()) sort_in(name);
    for (const auto& [weight, adaptation] : adaptations_) check(weight, adaptation);
  }

  std::vector<std::string> names() const override { return base_->names(); }
  bool has(const std::string& name) const override { return base_->has(name); }
  bool has_shapes() const override { return base_->has_shapes(); }
  std::vector<std::int64_t> shape_of(const std::string& name) const override { return base_->shape_of(name); }
  std::string file_of(const std::string& name) const override { return base_->file_of(name); }

  at::Tensor read(const std::string& name, at::IntArrayRef shape) const override {
    const auto found = adaptations_.find(name);
    if (found == adaptations_.end()) return base_->read(name, shape);
    const Adaptation& adaptation = found->second;
    const at::Tensor weight_OI =
        adaptation.whole.empty() ? base_->read(name, shape) : lora_->read(adaptation.whole, shape);
    return adaptation.down.empty() ? weight_OI : merged(weight_OI, adaptation);
  }

  bool is_float8(const std::string& name) const override {
    return adaptations_.count(name) == 0 && base_->is_float8(name);
  }
  std::optional<E4m3Rows> read_e4m3(const std::string& name) const override {
    return adaptations_.count(name) == 0 ? base_->read_e4m3(name) : std::nullopt;
  }

 private:
  void sort_in(const std::string& name) {
    const Key key = key_of(name);
    const std::optional<std::string> weight = without_wrapper(key.weight, *base_);
    if (!weight) refuse(describe(name) + ": the model has no tensor '" + key.weight + "'");
    std::string& slot = slot_of(adaptations_[*weight], key.role);
    if (!slot.empty()) refuse(describe(name) + " and '" + slot + "' are for the same tensor");
    slot = name;
  }

  void check(const std::string& weight, const Adaptation& adaptation) const {
    check_pair(adaptation);
    if (!base_->has_shapes()) return;
    const std::vector<std::int64_t> shape = base_->shape_of(weight);
    if (!adaptation.whole.empty() && lora_->shape_of(adaptation.whole) != shape) {
      refuse(describe_with_shape(adaptation.whole) + " does not fit " + describe_base(weight));
    }
    if (adaptation.down.empty()) return;
    const auto down = lora_->shape_of(adaptation.down);
    const auto up = lora_->shape_of(adaptation.up);
    if (shape.size() != 2) refuse(describe(adaptation.down) + " is for no matrix: " + describe_base(weight));
    if (down[1] != shape[1]) {
      refuse(describe_with_shape(adaptation.down) + " does not fit the columns of " + describe_base(weight));
    }
    if (up[0] != shape[0]) {
      refuse(describe_with_shape(adaptation.up) + " does not fit the rows of " + describe_base(weight));
    }
  }

  /// Both are there, are matrices and agree on a rank.
  void check_pair(const Adaptation& adaptation) const {
    if (!adaptation.alpha.empty() && !is_one_number(lora_->shape_of(adaptation.alpha))) {
      refuse(describe_with_shape(adaptation.alpha) + " is not one number");
    }
    if (adaptation.down.empty() && adaptation.up.empty()) {
      if (!adaptation.alpha.empty()) refuse(describe(adaptation.alpha) + " is without its pair A and B");
      return;
    }
    if (adaptation.down.empty() || adaptation.up.empty()) {
      refuse(describe(adaptation.down + adaptation.up) + " is without its other half, " +
             (adaptation.up.empty() ? "B" : "A"));
    }
    const auto down = lora_->shape_of(adaptation.down);
    const auto up = lora_->shape_of(adaptation.up);
    if (down.size() == 2 && up.size() == 2 && down[0] == up[1] && down[0] > 0) return;
    refuse(describe(adaptation.down) + " of shape " + shape_text(down) + " and '" + adaptation.up +
           "' of shape " + shape_text(up) + " have no rank: A must be [rank, columns], B [rows, rank]");
  }

  at::Tensor merged(const at::Tensor& weight_OI, const Adaptation& adaptation) const {
    const at::Tensor a_RI = part(adaptation.down);
    const at::Tensor b_OR = part(adaptation.up);
    const double alpha = adaptation.alpha.empty() ? alpha_ : part(adaptation.alpha).item<double>();
    const double scale = alpha / static_cast<double>(a_RI.size(0));
    return at::addmm(weight_OI.to(device_, at::kFloat), b_OR, a_RI, /*beta=*/1, /*alpha=*/scale);
  }

  at::Tensor part(const std::string& name) const { return lora_->read(name, {}).to(device_, at::kFloat); }

  std::string describe(const std::string& name) const {
    return "tensor '" + name + "' of the adaptation " + lora_->file_of(name);
  }

  std::string describe_with_shape(const std::string& name) const {
    return describe(name) + " has shape " + shape_text(lora_->shape_of(name)) + ", which";
  }

  std::string describe_base(const std::string& name) const {
    return "tensor '" + name + "' of " + base_->file_of(name) + ", shape " +
           shape_text(base_->shape_of(name));
  }

  std::shared_ptr<const WeightSource> base_;
  std::unique_ptr<const WeightSource> lora_;
  double alpha_;
  at::Device device_;
  std::map<std::string, Adaptation> adaptations_;
};

}  // namespace

std::unique_ptr<WeightSource> lora_source(std::shared_ptr<const WeightSource> base,
                                          std::unique_ptr<const WeightSource> lora, double alpha,
                                          at::Device device) {
  return std::make_unique<LoraSource>(std::move(base), std::move(lora), alpha, device);
}

}  // namespace longtake
