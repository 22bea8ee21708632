#include "rank/engine/gpu/device_failure.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <regex>

namespace longtake {
namespace {

struct KnownWords {
  const char* words;
  ErrorKind kind;
};

/// The first that is found decides.
constexpr std::array<KnownWords, 18> kKnown = {{
    {"out of memory", ErrorKind::OutOfMemory},
    {"can't allocate memory", ErrorKind::OutOfMemory},  // of the host
    {"not enough memory", ErrorKind::OutOfMemory},
    {"STATUS_ALLOC_FAILED", ErrorKind::OutOfMemory},
    {"ALLOCATION_FAILED", ErrorKind::OutOfMemory},
    // Tried again they would fail in the same way.
    {"CUDA error: invalid argument", ErrorKind::Bug},
    {"CUDA error: invalid configuration argument", ErrorKind::Bug},
    {"CUDA error: invalid device function", ErrorKind::Bug},
    {"no kernel image is available", ErrorKind::Bug},
    {"STATUS_NOT_SUPPORTED", ErrorKind::Bug},
    {"STATUS_BAD_PARAM", ErrorKind::Bug},
    {"STATUS_INVALID_VALUE", ErrorKind::Bug},
    {"CUDA error", ErrorKind::DeviceLost},
    {"CUDA driver error", ErrorKind::DeviceLost},
    {"cuDNN error", ErrorKind::DeviceLost},
    {"CUDNN_STATUS", ErrorKind::DeviceLost},
    {"CUBLAS_STATUS", ErrorKind::DeviceLost},
    {"NCCL", ErrorKind::DeviceLost},
}};

}  // namespace

ErrorKind kind_of(const c10::Error& failure) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&failure) != nullptr) return ErrorKind::OutOfMemory;
  return kind_of_failure(failure.what_without_backtrace());
}

ErrorKind kind_of_failure(std::string_view words) {
  const auto known = std::find_if(kKnown.begin(), kKnown.end(), [&](const KnownWords& candidate) {
    return words.find(candidate.words) != std::string_view::npos;
  });
  return known == kKnown.end() ? ErrorKind::Bug : known->kind;
}

std::string asked_bytes_text(const std::string& words) {
  // "Tried to allocate 20.00 MiB." of a GPU, "you tried to allocate 1234 bytes." of a host.
  static const std::regex form(R"([Tt]ried to allocate ([\d.]+ (?:bytes|[KMGT]iB)))");
  std::smatch match;
  return std::regex_search(words, match, form) ? match[1].str() : "";
}

}  // namespace longtake
