#include "rank/engine/transformer/rounded_tokens.h"

#include "rank/engine/kernels/dequantize_rows.h"
#include "rank/engine/kernels/quantize_rows.h"

namespace longtake {

RoundedTokens::RoundedTokens(std::int64_t tokens, std::int64_t width, at::Device device)
    : rows_{at::zeros({tokens, width}, at::TensorOptions(at::kByte).device(device)),
            at::zeros({tokens}, at::TensorOptions(at::kFloat).device(device))} {}

E4m3Rows RoundedTokens::rows(std::int64_t first, std::int64_t count) const {
  return {rows_.bits_TI.narrow(0, first, count), rows_.scale_T.narrow(0, first, count)};
}

void RoundedTokens::keep(std::int64_t first, const at::Tensor& x_THK) {
  quantize_rows_into(rows(first, x_THK.size(0)), x_THK.flatten(1));
}

void RoundedTokens::open(std::int64_t first, std::int64_t count, const at::Tensor& room_NHK) const {
  if (count == 0) return;
  dequantize_rows_into(room_NHK.narrow(0, first, count).flatten(1), rows(first, count));
}

void RoundedTokens::copy_first(std::int64_t count, const RoundedTokens& other) {
  const E4m3Rows to = rows(0, count), from = other.rows(0, count);
  to.bits_TI.copy_(from.bits_TI);
  to.scale_T.copy_(from.scale_T);
}

std::int64_t RoundedTokens::bytes() const {
  return static_cast<std::int64_t>(rows_.bits_TI.nbytes() + rows_.scale_T.nbytes());
}

}  // namespace longtake
