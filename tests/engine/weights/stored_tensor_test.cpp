#include "rank/engine/weights/stored_tensor.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/engine/weights/refusal.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

StoredTensor stored(TensorType type, std::vector<std::int64_t> shape, const std::string& bytes,
                    std::int64_t offset = 0) {
  const std::filesystem::path file = empty_folder("stored") / "values";
  write_bytes(file, bytes);
  return {std::make_shared<const MappedFile>(file), type, offset, std::move(shape), {}};
}

struct Float8 {
  TensorType type;
  int bits;
  double value;
};

class Float8Value : public testing::TestWithParam<Float8> {};

TEST_P(Float8Value, IsExact) {
  const std::string byte(1, static_cast<char>(GetParam().bits));
  const double value = view_of(stored(GetParam().type, {1}, byte)).item<double>();
  if (std::isnan(GetParam().value)) {
    EXPECT_TRUE(std::isnan(value));
  } else {
    EXPECT_EQ(value, GetParam().value);
  }
}

// Micikevicius et al. 2022, "FP8 formats for deep learning", table 1.
INSTANTIATE_TEST_SUITE_P(
    StoredTensor, Float8Value,
    testing::Values(Float8{TensorType::F8_E4M3, 0x00, 0.0}, Float8{TensorType::F8_E4M3, 0x38, 1.0},
                    Float8{TensorType::F8_E4M3, 0xC0, -2.0}, Float8{TensorType::F8_E4M3, 0x7E, 448.0},
                    Float8{TensorType::F8_E4M3, 0x08, std::ldexp(1.0, -6)},
                    Float8{TensorType::F8_E4M3, 0x01, std::ldexp(1.0, -9)},
                    Float8{TensorType::F8_E4M3, 0x7F, std::nan("")}, Float8{TensorType::F8_E5M2, 0x3C, 1.0},
                    Float8{TensorType::F8_E5M2, 0x7B, 57344.0},
                    Float8{TensorType::F8_E5M2, 0x01, std::ldexp(1.0, -16)},
                    Float8{TensorType::F8_E5M2, 0xFC, -INFINITY},
                    Float8{TensorType::F8_E5M2, 0x7D, std::nan("")}));

TEST(StoredTensor, LooksIntoTheMappingAndKeepsItAlive) {
  const std::string bytes("\x00\x00\x80\x3f\x00\x00\x00\x40", 8);
  at::Tensor values;
  {
    const StoredTensor place = stored(TensorType::F32, {2}, bytes);
    values = view_of(place);
    EXPECT_EQ(values.data_ptr(), place.file->data());
  }
  EXPECT_EQ(values[0].item<float>(), 1.0F);
  EXPECT_EQ(values[1].item<float>(), 2.0F);
}

TEST(StoredTensor, WritingToItDoesNotChangeTheFile) {
  const StoredTensor place = stored(TensorType::U8, {3}, "abc");
  view_of(place).fill_('x');
  EXPECT_EQ(bytes_of(temp_path("stored/values")), "abc");
}

TEST(StoredTensor, MayLieAtAnyByte) {
  const at::Tensor values = view_of(stored(TensorType::F32, {1, 1}, std::string("?\x00\x00\x80\x3f", 5), 1));
  EXPECT_EQ(values.item<float>(), 1.0F);
}

TEST(StoredTensor, MayBeTransposed) {
  StoredTensor place = stored(TensorType::U8, {3, 2}, "abcdef");
  place.strides = {1, 3};
  EXPECT_EQ(view_of(place)[1][1].item<int>(), 'e');
}

}  // namespace
}  // namespace longtake
