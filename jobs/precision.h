#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

namespace longtake {

/// What the large matrices of the transformer's layers are kept and multiplied in; everything else is in
/// what the device computes in (docs/decisions/0024-eight-bits.md).
enum class Precision {
  Auto,  ///< as everything else: 16 bits on a GPU, 32 on a CPU
  Fp8,   ///< E4M3 with a scale for each output; a product's inputs too, with a scale for each token
  Int8,  ///< whole numbers with a scale for each output; a product's inputs stay as they are
};

/// "auto", "fp8", "int8".
std::string_view name_of(Precision precision);
/// Inverse of name_of; nullopt for an unknown name.
std::optional<Precision> precision_from(std::string_view name);

void to_json(nlohmann::json& json, Precision precision);
/// Throws Error{InvalidInput} for an unknown name.
void from_json(const nlohmann::json& json, Precision& precision);

}  // namespace longtake
