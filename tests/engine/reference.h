#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "rank/engine/weights/weights.h"

namespace longtake {

/// A file of the reference set, in the folder LONGTAKE_REFERENCE_DIR (default: tests/reference).
std::filesystem::path reference(const std::string& name);

nlohmann::json reference_json(const std::string& name);

/// All tensors of a reference file in float32.
Weights reference_weights(const std::string& name);

/// One tensor as it is stored, whatever its shape.
at::Tensor reference_tensor(const std::string& file, const std::string& name);

/// norm(out - expected) / norm(expected), in float64. Infinite when the shapes differ.
double relative_error(const at::Tensor& out, const at::Tensor& expected);

}  // namespace longtake
