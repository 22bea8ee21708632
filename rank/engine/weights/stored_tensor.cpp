#include "rank/engine/weights/stored_tensor.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "rank/engine/torch_compat.h"

namespace longtake {
namespace {

struct Float8Format {
  int exponent_bits;
  int mantissa_bits;
  int bias;
  bool has_infinity;  ///< E5M2 is IEEE-like; E4M3 has finite values there and one NaN
};

constexpr Float8Format kE4M3 = {4, 3, 7, false};
constexpr Float8Format kE5M2 = {5, 2, 15, true};

float value_of(int bits, const Float8Format& format) {
  const int mantissa_range = 1 << format.mantissa_bits;
  const int exponent_limit = (1 << format.exponent_bits) - 1;
  const float sign = (bits & 0x80) != 0 ? -1.0F : 1.0F;
  const int exponent = (bits >> format.mantissa_bits) & exponent_limit;
  const int mantissa = bits & (mantissa_range - 1);
  const bool is_last = exponent == exponent_limit;
  if (is_last && format.has_infinity && mantissa == 0) return sign * std::numeric_limits<float>::infinity();
  if (is_last && (format.has_infinity || mantissa == mantissa_range - 1)) {
    return std::numeric_limits<float>::quiet_NaN();
  }
  const float fraction = static_cast<float>(mantissa) / static_cast<float>(mantissa_range);
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - format.bias);
  return sign * std::ldexp(1.0F + fraction, exponent - format.bias);
}

at::Tensor table_of(const Float8Format& format) {
  at::Tensor table = at::empty({256}, at::kFloat);
  for (int bits = 0; bits < 256; ++bits) table.data_ptr<float>()[bits] = value_of(bits, format);
  return table;
}

at::Tensor from_float8(const at::Tensor& bits, const Float8Format& format) {
  return table_of(format).index_select(0, bits.flatten().to(at::kInt)).view(bits.sizes());
}

std::vector<std::int64_t> row_major(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

at::Tensor raw_view(const StoredTensor& stored, at::ScalarType type) {
  const auto strides = stored.strides.empty() ? row_major(stored.shape) : stored.strides;
  char* begin = stored.file->data() + stored.offset;
  const bool is_aligned = stored.offset % bytes_of_element(stored.type) == 0;
  const at::Tensor view = at::from_blob(
      begin, stored.shape, strides, [file = stored.file](void*) {}, at::TensorOptions(type));
  // The bytes of a misaligned tensor are moved as bytes: a plain clone would read them as numbers.
  if (is_aligned) return view;
  at::Tensor copy = at::empty_strided(stored.shape, strides, at::TensorOptions(type));
  std::memcpy(copy.data_ptr(), begin, copy.storage().nbytes());
  return copy;
}

}  // namespace

at::Tensor view_of(const StoredTensor& stored) {
  if (stored.type == TensorType::F8_E4M3) return from_float8(raw_view(stored, at::kByte), kE4M3);
  if (stored.type == TensorType::F8_E5M2) return from_float8(raw_view(stored, at::kByte), kE5M2);
  return raw_view(stored, *scalar_type_of(stored.type));
}

}  // namespace longtake
