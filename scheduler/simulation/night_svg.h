#pragma once

#include <string>

#include "scheduler/simulation/night.h"

namespace longtake {

/// A picture of the night: how many GPUs did what, from the first order to the last segment. A whole SVG
/// file.
std::string to_svg(const NightResult& result);

}  // namespace longtake
