#pragma once

#include <functional>

#include "rank/engine/weights/weights.h"

namespace longtake {

/// Called before each tensor is read; may throw to end the loading.
using BeforeTensor = std::function<void()>;

/// The same tensors. Loading a large model takes minutes: whoever waits for it wants to be asked.
Weights watched(const Weights& weights, BeforeTensor before_tensor);

}  // namespace longtake
