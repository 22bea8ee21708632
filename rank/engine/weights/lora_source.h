#pragma once

#include <filesystem>
#include <memory>

#include "rank/engine/weights/weight_source.h"

namespace longtake {

/// Behind with_lora(): see there. `lora` is the adaptation's own source. The sums are made on `device`.
std::unique_ptr<WeightSource> lora_source(std::shared_ptr<const WeightSource> base,
                                          std::unique_ptr<const WeightSource> lora, double alpha,
                                          at::Device device);

}  // namespace longtake
