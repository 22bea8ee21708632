#include "rank/engine/weights/stored_tensor.h"

#include <cstring>

#include "rank/engine/float8.h"
#include "rank/engine/torch_compat.h"

namespace longtake {
namespace {

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

at::Tensor bits_of(const StoredTensor& stored) { return raw_view(stored, at::kByte); }

at::Tensor view_of(const StoredTensor& stored) {
  if (stored.type == TensorType::F8_E4M3) return from_float8(bits_of(stored), kE4M3);
  if (stored.type == TensorType::F8_E5M2) return from_float8(bits_of(stored), kE5M2);
  return raw_view(stored, *scalar_type_of(stored.type));
}

}  // namespace longtake
