#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rank/engine/e4m3.h"

namespace longtake {

/// Where the tensors of a Weights come from: files, memory, a random generator, a wrapper of another.
/// Names are full ones. shape_of, read and file_of are asked only for what has() affirms.
class WeightSource {
 public:
  virtual ~WeightSource() = default;

  /// Sorted.
  virtual std::vector<std::string> names() const = 0;
  virtual bool has(const std::string& name) const = 0;

  virtual std::vector<std::int64_t> shape_of(const std::string& name) const = 0;

  /// In any type, on any device. `shape` is what the caller wants; only a source without shapes of its
  /// own looks at it.
  virtual at::Tensor read(const std::string& name, at::IntArrayRef shape) const = 0;

  /// Whom to name in a message about this tensor; for one that is missing, the whole checkpoint.
  virtual std::string file_of(const std::string& name) const = 0;

  /// Whether the tensor is stored in eight-bit floats.
  virtual bool is_float8(const std::string&) const { return false; }

  /// The tensor as it is stored, when that is E4M3: the bits in its shape, a scale for each of its first
  /// dimension. nullopt for other types, and where a tensor is not given as it is stored.
  virtual std::optional<E4m3Rows> read_e4m3(const std::string&) const { return std::nullopt; }

  /// False for a source that makes what it is asked for.
  virtual bool has_shapes() const { return true; }
};

}  // namespace longtake
