#include "rank/engine/transformer/layer_workspace.h"

namespace longtake {

at::Tensor LayerWorkspace::rows_of(at::Tensor& buffer, std::int64_t rows, std::int64_t width,
                                   const at::TensorOptions& options) {
  const bool fits = buffer.defined() && buffer.numel() >= rows * width &&
                    buffer.options().type_equal(options) && buffer.device() == options.device();
  if (!fits) buffer = at::empty({rows * width}, options);
  return buffer.narrow(0, 0, rows * width).view({rows, width});
}

std::int64_t LayerWorkspace::bytes() const {
  std::int64_t bytes = scores.bytes();
  for (const at::Tensor* buffer :
       {&query_TD, &key_TD, &gathered_TD, &wide_TN, &opened_keys_SD, &opened_values_SD}) {
    if (buffer->defined()) bytes += static_cast<std::int64_t>(buffer->nbytes());
  }
  return bytes;
}

}  // namespace longtake
