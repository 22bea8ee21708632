#include "jobs/kv_cache_dtype.h"

#include <nlohmann/json.hpp>
#include <string>

#include "jobs/error.h"

namespace longtake {

std::string_view name_of(KvCacheDtype dtype) {
  switch (dtype) {
    case KvCacheDtype::Auto:
      return "auto";
    case KvCacheDtype::Fp8:
      return "fp8";
  }
  return "";
}

std::optional<KvCacheDtype> kv_cache_dtype_from(std::string_view name) {
  for (const KvCacheDtype dtype : {KvCacheDtype::Auto, KvCacheDtype::Fp8}) {
    if (name_of(dtype) == name) return dtype;
  }
  return std::nullopt;
}

void to_json(nlohmann::json& json, KvCacheDtype dtype) { json = std::string(name_of(dtype)); }

void from_json(const nlohmann::json& json, KvCacheDtype& dtype) {
  const auto name = json.get<std::string>();
  const auto known = kv_cache_dtype_from(name);
  if (!known) throw Error(ErrorKind::InvalidInput, "kv_cache_dtype must be auto or fp8, got '" + name + "'");
  dtype = *known;
}

}  // namespace longtake
