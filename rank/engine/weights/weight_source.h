#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

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

  /// False for a source that makes what it is asked for.
  virtual bool has_shapes() const { return true; }
};

}  // namespace longtake
