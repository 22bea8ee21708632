#include "rank/engine/transformer/linear.h"

#include <vector>

namespace longtake {

Linear take_linear(const Weights& weights, const std::string& name, std::int64_t inputs, std::int64_t outputs,
                   at::IntArrayRef kernel) {
  std::vector<std::int64_t> shape = {outputs, inputs};
  shape.insert(shape.end(), kernel.begin(), kernel.end());
  return {weights.take(name + ".weight", shape).flatten(1), weights.take(name + ".bias", {outputs})};
}

}  // namespace longtake
