#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

namespace longtake {

/// What an engine keeps the keys and values of sink and window in, between the passes that attend to them
/// (docs/decisions/0027-kv-caches-in-fp8.md).
enum class KvCacheDtype {
  Auto,  ///< what the device computes in: 16 bits on a GPU, 32 on a CPU
  Fp8,   ///< E4M3 with a scale for each token
};

/// "auto", "fp8".
std::string_view name_of(KvCacheDtype dtype);
/// Inverse of name_of; nullopt for an unknown name.
std::optional<KvCacheDtype> kv_cache_dtype_from(std::string_view name);

void to_json(nlohmann::json& json, KvCacheDtype dtype);
/// Throws Error{InvalidInput} for an unknown name.
void from_json(const nlohmann::json& json, KvCacheDtype& dtype);

}  // namespace longtake
