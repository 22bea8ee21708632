#include "rank/engine/weights/weights.h"

#include <set>

#include "jobs/error.h"
#include "rank/engine/shape_text.h"
#include "rank/engine/weights/weight_source.h"

namespace longtake {
namespace {

constexpr std::size_t kNamesInMessage = 5;

bool begins_with(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::InvalidInput, message); }

}  // namespace

/// Full names: selections of one checkpoint share it.
struct Weights::Used {
  std::set<std::string> names;
};

Weights::Weights(std::shared_ptr<const WeightSource> source, WeightOptions options)
    : source_(std::move(source)), used_(std::make_shared<Used>()), options_(options) {}

Weights Weights::select(const std::string& prefix) const {
  Weights below = *this;
  below.prefix_ += prefix;
  return below;
}

Weights Weights::over(std::shared_ptr<const WeightSource> source) const {
  return Weights(std::move(source), options_).select(prefix_);
}

bool Weights::has(const std::string& name) const { return source_->has(prefix_ + name); }

std::vector<std::string> Weights::names() const {
  std::vector<std::string> below;
  for (const std::string& name : source_->names()) {
    if (begins_with(name, prefix_)) below.push_back(name.substr(prefix_.size()));
  }
  return below;
}

std::vector<std::int64_t> Weights::shape_of(const std::string& name) const {
  const std::string full = prefix_ + name;
  if (!source_->has(full)) refuse(source_->file_of(full) + " has no tensor '" + full + "'");
  return source_->shape_of(full);
}

std::string Weights::use(const std::string& name, at::IntArrayRef shape) const {
  const std::string full = prefix_ + name;
  if (source_->has_shapes()) {
    const std::vector<std::int64_t> stored = shape_of(name);
    if (at::IntArrayRef(stored) != shape) {
      refuse("tensor '" + full + "' of " + source_->file_of(full) + " has shape " + shape_text(stored) +
             ", the model needs " + shape_text(shape));
    }
  }
  used_->names.insert(full);
  return full;
}

at::Tensor Weights::take(const std::string& name, at::IntArrayRef shape) const {
  return source_->read(use(name, shape), shape).to(options_.device, options_.dtype);
}

at::Tensor Weights::take_as_stored(const std::string& name, at::IntArrayRef shape) const {
  return source_->read(use(name, shape), shape).to(options_.device);
}

std::optional<E4m3Rows> Weights::take_e4m3(const std::string& name, at::IntArrayRef shape) const {
  if (!has(name) || !source_->is_float8(prefix_ + name)) return std::nullopt;
  const auto rows = source_->read_e4m3(use(name, shape));
  if (!rows) return std::nullopt;
  return E4m3Rows{rows->bits_TI.to(options_.device), rows->scale_T.to(options_.device)};
}

void Weights::leave(const std::string& name) const {
  const std::string full = prefix_ + name;
  const bool is_prefix = !full.empty() && full.back() == '.';
  for (const std::string& candidate : source_->names()) {
    if (candidate == full || (is_prefix && begins_with(candidate, full))) used_->names.insert(candidate);
  }
}

void Weights::refuse_unused() const {
  std::string list;
  std::string file;
  std::size_t count = 0;
  for (const std::string& name : source_->names()) {
    if (!begins_with(name, prefix_) || used_->names.count(name) == 1) continue;
    if (count == 0) file = source_->file_of(name);
    if (count < kNamesInMessage) list += (count == 0 ? "'" : ", '") + name + "'";
    ++count;
  }
  if (count == 0) return;
  if (count > kNamesInMessage) list += " and " + std::to_string(count - kNamesInMessage) + " more";
  refuse(file + " has " + std::to_string(count) + (count == 1 ? " tensor" : " tensors") +
         " that the model does not know: " + list);
}

}  // namespace longtake
