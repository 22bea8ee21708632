#pragma once

#include <ATen/ATen.h>

namespace longtake {

/// Whether a guide scale needs the model's answer to the null prompt too: 0 means no guidance, and at 1
/// both answers mix to the prompt's own. The null prompt has its own text, sink and caches.
inline bool needs_null_prompt(double guide_scale) { return guide_scale != 0.0 && guide_scale != 1.0; }

/// Classifier-free guidance (Ho and Salimans 2022, equation 6).
inline at::Tensor guided_velocity(const at::Tensor& prompted, const at::Tensor& unprompted,
                                  double guide_scale) {
  return at::add(unprompted, prompted - unprompted, guide_scale);
}

}  // namespace longtake
