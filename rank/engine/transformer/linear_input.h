#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <variant>

#include "rank/engine/e4m3.h"

// T tokens
namespace longtake {

/// Tokens as linear layers read them: in the type of their results, or rounded already, for matrices in fp8
/// only.
using LinearInput = std::variant<at::Tensor, E4m3Rows>;

inline std::int64_t tokens_of(const LinearInput& x_TI) {
  const auto* const rounded = std::get_if<E4m3Rows>(&x_TI);
  return rounded != nullptr ? rounded->bits_TI.size(0) : std::get<at::Tensor>(x_TI).size(0);
}

}  // namespace longtake
