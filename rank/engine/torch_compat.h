#pragma once

#include <c10/core/ScalarType.h>
#include <torch/version.h>

#include <optional>

#include "storage/safetensors.h"

/// What differs between the LibTorch versions that this builds with (Debian's 1.13 and 2.x), and nothing
/// else.
namespace longtake {

/// The tensor library's type for a type of a file; nullopt when this LibTorch has none (fp8 before 2.1).
inline std::optional<c10::ScalarType> scalar_type_of(TensorType type) {
  switch (type) {
    case TensorType::Bool:
      return c10::ScalarType::Bool;
    case TensorType::U8:
      return c10::ScalarType::Byte;
    case TensorType::I8:
      return c10::ScalarType::Char;
    case TensorType::I16:
      return c10::ScalarType::Short;
    case TensorType::I32:
      return c10::ScalarType::Int;
    case TensorType::I64:
      return c10::ScalarType::Long;
    case TensorType::F16:
      return c10::ScalarType::Half;
    case TensorType::BF16:
      return c10::ScalarType::BFloat16;
    case TensorType::F32:
      return c10::ScalarType::Float;
    case TensorType::F64:
      return c10::ScalarType::Double;
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 1)
    case TensorType::F8_E4M3:
      return c10::ScalarType::Float8_e4m3fn;
    case TensorType::F8_E5M2:
      return c10::ScalarType::Float8_e5m2;
#else
    case TensorType::F8_E4M3:
    case TensorType::F8_E5M2:
      return std::nullopt;
#endif
  }
  return std::nullopt;
}

}  // namespace longtake
