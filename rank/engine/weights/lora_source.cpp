#include "rank/engine/weights/lora_source.h"

#include <map>
#include <optional>
#include <utility>

#include "jobs/error.h"
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
    if (adaptation.down.empty() != adaptation.up.empty()) {
      refuse(describe(adaptation.down + adaptation.up) + " is without its other half");
    }
    if (!base_->has_shapes()) return;
    const std::vector<std::int64_t> shape = base_->shape_of(weight);
    if (!adaptation.whole.empty() && lora_->shape_of(adaptation.whole) != shape) {
      refuse(describe(adaptation.whole) + " has not the shape of the tensor it replaces, '" + weight +
             "' of " + base_->file_of(weight));
    }
    if (adaptation.down.empty()) return;
    const auto down = lora_->shape_of(adaptation.down);
    const auto up = lora_->shape_of(adaptation.up);
    if (shape.size() != 2 || down.size() != 2 || up.size() != 2 || down[0] != up[1] || down[0] == 0 ||
        up[0] != shape[0] || down[1] != shape[1]) {
      refuse(describe(adaptation.down) + " and its other half do not fit tensor '" + weight + "' of " +
             base_->file_of(weight));
    }
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
