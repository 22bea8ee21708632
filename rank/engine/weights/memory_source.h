#pragma once

#include <map>
#include <memory>
#include <string>

#include "rank/engine/weights/weight_source.h"

namespace longtake {

/// Behind weights_of(): tensors that are in memory already.
std::unique_ptr<WeightSource> memory_source(std::map<std::string, at::Tensor> tensors);

}  // namespace longtake
