#pragma once

#include <ATen/ATen.h>

namespace longtake {

/// What a device reaches in this process at its best: what times are held against.
struct DeviceCeilings {
  double product_tflops = 0;  ///< of large matrix products of one type
  double copy_gb_per_s = 0;   ///< read and written, together
};

/// Measures both for about a second, with tensors of `options`.
DeviceCeilings measure_ceilings(const at::TensorOptions& options);

}  // namespace longtake
