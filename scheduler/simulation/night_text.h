#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "scheduler/simulation/night.h"

namespace longtake {

/// Lines for people, with how busy the GPUs were in the course of the night.
std::string to_text(const NightResult& result);

/// The same as one document; docs/formats.md explains the keys.
nlohmann::json to_json(const NightResult& result);

}  // namespace longtake
