#pragma once

#include <c10/core/ScalarType.h>
#include <c10/core/Stream.h>
#include <torch/version.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "storage/safetensors.h"

#define LONGTAKE_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

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
#if LONGTAKE_TORCH_AT_LEAST(2, 1)
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

/// How an allocator tells its totals to a MemoryReportingInfoBase.
#if LONGTAKE_TORCH_AT_LEAST(2, 0)
using AllocatorTotal = std::size_t;
#else
using AllocatorTotal = std::int64_t;
#endif

/// A stream as its device's own libraries know it. Null before LibTorch 2.9, which we do not build for CUDA.
#if LONGTAKE_TORCH_AT_LEAST(2, 9)
inline void* native_handle_of(const c10::Stream& stream) { return stream.native_handle(); }
#else
inline void* native_handle_of(const c10::Stream&) { return nullptr; }
#endif

}  // namespace longtake
