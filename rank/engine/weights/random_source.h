#pragma once

#include <cstdint>
#include <memory>

#include "rank/engine/weights/weight_source.h"

namespace longtake {

/// Behind random_weights(): see there. Tensors are float32, made on `device`.
std::unique_ptr<WeightSource> random_source(std::uint64_t seed, at::Device device);

}  // namespace longtake
