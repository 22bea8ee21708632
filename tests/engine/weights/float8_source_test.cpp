#include "rank/engine/weights/float8_source.h"

#include <gmock/gmock.h>

#include <cstring>

#include "rank/engine/weights/weights.h"
#include "storage/safetensors.h"
#include "tests/engine/weights/refusal.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// E4M3: 1, 2, 3, 448.
const std::string kBits = "\x38\x40\x44\x7e";

std::string floats(const std::vector<float>& numbers) {
  std::string bytes(numbers.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return bytes;
}

/// layer.weight [2, 2] in E4M3 with a scale of this name, shape and values.
std::filesystem::path file_with(const std::string& scale, std::vector<std::int64_t> shape,
                                const std::vector<float>& values) {
  const std::filesystem::path path = empty_folder(scale) / "model.safetensors";
  const std::string numbers = floats(values), one = floats({1});
  write_safetensors(path,
                    {{"layer.weight", {TensorType::F8_E4M3, {2, 2}, kBits}},
                     {"layer.bias", {TensorType::F32, {1}, one}},
                     {"layer.input_scale", {TensorType::F32, {1}, one}},
                     {"scaled_fp8", {TensorType::F8_E4M3, {0}, ""}},
                     {scale, {TensorType::F32, std::move(shape), numbers}}},
                    {});
  return path;
}

TEST(Float8Source, MultipliesWithTheScaleThatTheFileHas) {
  for (const char* scale : {"layer.weight_scale", "layer.scale_weight", "layer.scale"}) {
    const Weights one = open_weights(file_with(scale, {}, {0.5F}), {});
    EXPECT_THAT(one.names(), ElementsAre("layer.bias", "layer.weight")) << scale;
    EXPECT_TRUE(
        at::equal(one.take("layer.weight", {2, 2}), at::tensor({0.5F, 1.0F, 1.5F, 224.0F}).view({2, 2})));
    const Weights per_row = open_weights(file_with(scale, {2, 1}, {0.5F, 2.0F}), {});
    EXPECT_TRUE(
        at::equal(per_row.take("layer.weight", {2, 2}), at::tensor({0.5F, 1.0F, 6.0F, 896.0F}).view({2, 2})));
  }
}

TEST(Float8Source, GivesTheBitsWithAScaleForEachRow) {
  const Weights weights = open_weights(file_with("layer.weight_scale", {1}, {0.5F}), {});
  const auto rows = weights.take_e4m3("layer.weight", {2, 2});
  ASSERT_TRUE(rows.has_value());
  EXPECT_EQ(std::memcmp(rows->bits_TI.data_ptr(), kBits.data(), kBits.size()), 0);
  EXPECT_TRUE(at::equal(rows->scale_T, at::tensor({0.5F, 0.5F})));
  EXPECT_EQ(weights.take_e4m3("layer.bias", {1}), std::nullopt);
  EXPECT_THAT(refusal_of([&] { weights.refuse_unused(); }), HasSubstr("'layer.bias'"));
}

TEST(Float8Source, LeavesTensorsOfOtherTypesAlone) {
  const std::filesystem::path path = empty_folder("scales-of-a-model") / "model.safetensors";
  const std::string two = floats({2});
  write_safetensors(
      path, {{"norm.weight", {TensorType::F32, {1}, two}}, {"norm.scale", {TensorType::F32, {1}, two}}}, {});
  const Weights weights = open_weights(path, {});
  EXPECT_THAT(weights.names(), ElementsAre("norm.scale", "norm.weight"));
  EXPECT_EQ(weights.take("norm.weight", {1}).item<float>(), 2);
}

TEST(Float8Source, RefusesAScaleThatFitsNoRows) {
  const std::filesystem::path path = file_with("layer.weight_scale", {3}, {1, 1, 1});
  EXPECT_THAT(refusal_of([&] { open_weights(path, {}); }),
              AllOf(HasSubstr("'layer.weight_scale' of " + path.string() + " has shape [3]"),
                    HasSubstr("one number or one for each row")));
}

}  // namespace
}  // namespace longtake
