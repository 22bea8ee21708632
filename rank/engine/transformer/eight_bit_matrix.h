#pragma once

#include <ATen/ATen.h>

#include <string>

#include "rank/engine/kernels/quantize_rows.h"
#include "rank/engine/weights/weights.h"

// T tokens, I inputs, O outputs
namespace longtake {

/// A matrix of a linear layer in eight bits: row = numbers * scale.
struct EightBitMatrix {
  at::Tensor numbers_OI;  ///< uint8: the bits of E4M3 (e4m3.h); int8: whole numbers from -127 to 127
  at::Tensor scale_O;     ///< float32
};

/// `name` in the precision that the weights' options ask for, fp8 or int8. What a file has in E4M3 is taken
/// as it is when fp8 is asked for; everything else is rounded once, from the type it is stored in, row by
/// row, so that no more than one tensor is there in both. Throws Error{InvalidInput} as Weights::take(), for
/// sides that are no multiples of 16, and for a device that does not multiply fp8.
EightBitMatrix take_eight_bit_matrix(const Weights& weights, const std::string& name, std::int64_t inputs,
                                     std::int64_t outputs);

/// out = x W^T + bias; bias and out in x's type. Of fp8 x is rounded too, with a scale for each token. Of
/// gelu_(x) when `of` says so; x is used up then.
void eight_bit_product_into(const at::Tensor& out_TO, const at::Tensor& x_TI, const EightBitMatrix& matrix,
                            const at::Tensor& bias_O, RowFunction of = RowFunction::Identity);

}  // namespace longtake
