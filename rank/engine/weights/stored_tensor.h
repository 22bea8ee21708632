#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "rank/engine/weights/mapped_file.h"
#include "storage/safetensors.h"

namespace longtake {

/// Where a tensor's values lie in a mapped file.
struct StoredTensor {
  std::shared_ptr<const MappedFile> file;
  TensorType type = TensorType::F32;
  std::int64_t offset = 0;  ///< of the first value, in bytes from the beginning of the file
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  ///< in elements; empty: row-major
};

/// The tensor as a view of the mapping, which lives as long as the tensor does. Values that do not lie on
/// a multiple of their size are copied. fp8 values come as float32: LibTorch before 2.1 has no type for
/// them, and the conversion (a table of the 256 values, Micikevicius et al. 2022, table 1) is exact.
at::Tensor view_of(const StoredTensor& stored);

/// A tensor of eight-bit floats as a view of its bits, uint8.
at::Tensor bits_of(const StoredTensor& stored);

}  // namespace longtake
