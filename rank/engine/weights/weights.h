#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jobs/precision.h"
#include "rank/engine/e4m3.h"

namespace longtake {

class WeightSource;

struct WeightOptions {
  at::ScalarType dtype = at::kFloat;
  at::Device device = at::kCPU;
  Precision precision = Precision::Auto;  ///< of the large matrices of a transformer's layers
};

/// The named tensors of a checkpoint, each read from disk when it is taken. Copies and selections share
/// one record of what was taken. Belongs to one thread.
class Weights {
 public:
  Weights(std::shared_ptr<const WeightSource> source, WeightOptions options);

  /// The same tensors below `prefix` ("blocks.3."), under their names without it.
  Weights select(const std::string& prefix) const;

  bool has(const std::string& name) const;

  /// All names below the prefix, sorted. Random weights have none: they make what they are asked for.
  std::vector<std::string> names() const;

  /// The shape in the checkpoint, nothing read. Throws Error{InvalidInput} as take() does.
  std::vector<std::int64_t> shape_of(const std::string& name) const;

  /// The tensor, converted to the options' type on their device; from then on it counts as used. On the
  /// CPU, in the type it is stored in, it is a view of the mapped file: writing to it changes nothing but
  /// this view. Throws Error{InvalidInput} naming file and tensor when it is missing or has another shape.
  at::Tensor take(const std::string& name, at::IntArrayRef shape) const;

  /// As take(), but in the type that it is stored (or adapted) in: for what is rounded from it.
  at::Tensor take_as_stored(const std::string& name, at::IntArrayRef shape) const;

  /// As take(), of a tensor that is stored in E4M3 and not adapted; nullopt, and nothing happens, for others.
  std::optional<E4m3Rows> take_e4m3(const std::string& name, at::IntArrayRef shape) const;

  /// Says that these tensors are known and not needed: `name` itself and, when it ends in a dot, all
  /// below it. Nothing happens when there is none.
  void leave(const std::string& name) const;

  /// Throws Error{InvalidInput} naming file and tensors below the prefix that were neither taken nor left.
  void refuse_unused() const;

  const WeightOptions& options() const { return options_; }

  /// For wrappers like with_lora(): the source, and the same selection of another source, nothing taken.
  const std::shared_ptr<const WeightSource>& source() const { return source_; }
  Weights over(std::shared_ptr<const WeightSource> source) const;

 private:
  struct Used;

  /// Returns the full name; from then on it counts as used.
  std::string use(const std::string& name, at::IntArrayRef shape) const;

  std::shared_ptr<const WeightSource> source_;
  std::shared_ptr<Used> used_;
  WeightOptions options_;
  std::string prefix_;
};

/// A .safetensors file, a .safetensors.index.json, a .pth or .bin file of torch.save; or how the names of
/// one checkpoint's .safetensors files begin ("DIR/diffusion_pytorch_model"; "DIR" itself where there is
/// only one): its index, its one file or all its numbered shards. fp8 files may have scales
/// (float8_source.h). Reads names and shapes only and maps the files. Throws Error{InvalidInput} naming the
/// file (and tensor) when one is missing, cut short or not of its format, Error{Io} for the disk.
Weights open_weights(const std::filesystem::path& path, WeightOptions options);

/// Tensors that are in memory already.
Weights weights_of(std::map<std::string, at::Tensor> tensors, WeightOptions options);

/// Makes a plausible small random tensor for whatever is asked for: normal values scaled by the number of
/// inputs, about 1 for norms, about 0 for biases. A pure function of seed, full name and shape (and kind
/// of device), so that any split of a model gets equal tensors.
Weights random_weights(std::uint64_t seed, WeightOptions options);

/// The tensors of `base` with a low-rank adaptation merged as they are taken: W + alpha/rank * B A, summed
/// in float32 (Hu et al. 2021, section 4.1). `lora` holds pairs X.lora_A.weight, X.lora_B.weight for the
/// base's X.weight, with or without an adapter's name ("lora_A.default.weight") and with or without a
/// wrapper's prefix ("base_model.model.", "diffusion_model.", ...). A pair's alpha is its X.alpha, else what
/// the file says for all (lora_alpha.h), else `alpha`. Throws Error{InvalidInput} naming file and tensor
/// for a half pair, shapes that do not fit or have no rank, and a pair whose X.weight the base has not.
Weights with_lora(Weights base, const std::filesystem::path& lora, double alpha);

}  // namespace longtake
