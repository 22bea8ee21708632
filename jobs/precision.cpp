#include "jobs/precision.h"

#include <nlohmann/json.hpp>
#include <string>

#include "jobs/error.h"

namespace longtake {

std::string_view name_of(Precision precision) {
  switch (precision) {
    case Precision::Auto:
      return "auto";
    case Precision::Fp8:
      return "fp8";
    case Precision::Int8:
      return "int8";
  }
  return "";
}

std::optional<Precision> precision_from(std::string_view name) {
  for (const Precision precision : {Precision::Auto, Precision::Fp8, Precision::Int8}) {
    if (name_of(precision) == name) return precision;
  }
  return std::nullopt;
}

void to_json(nlohmann::json& json, Precision precision) { json = std::string(name_of(precision)); }

void from_json(const nlohmann::json& json, Precision& precision) {
  const auto name = json.get<std::string>();
  const auto known = precision_from(name);
  if (!known) {
    throw Error(ErrorKind::InvalidInput, "precision must be auto, fp8 or int8, got '" + name + "'");
  }
  precision = *known;
}

}  // namespace longtake
