#include <gmock/gmock.h>

#include <regex>

#include "rank/engine/weights/weights.h"
#include "storage/safetensors.h"
#include "tests/engine/reference.h"
#include "tests/engine/weights/refusal.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct ReferenceLora {
  std::filesystem::path file;
  double alpha = 0;
};

/// The reference's adaptation; its name says its alpha: lora_rank4_alpha8.safetensors.
ReferenceLora reference_lora() {
  const std::regex name("lora_rank\\d+_alpha(\\d+)\\.safetensors");
  for (const auto& entry : std::filesystem::directory_iterator(reference("checkpoint"))) {
    const std::string text = entry.path().filename();
    std::smatch match;
    if (std::regex_match(text, match, name)) return {entry.path(), std::stod(match[1])};
  }
  ADD_FAILURE() << "no adaptation among the reference tensors";
  return {};
}

Weights base() { return weights_of({{"q.weight", at::ones({2, 3})}, {"q.bias", at::ones({2})}}, {}); }

TensorView view(const at::Tensor& tensor) {
  return {
      TensorType::F32, tensor.sizes().vec(), {static_cast<const char*>(tensor.data_ptr()), tensor.nbytes()}};
}

/// A file of one pair of rank 1 with B A = 6 everywhere, under the given names.
std::filesystem::path pair_named(const std::string& a, const std::string& b,
                                 const std::map<std::string, at::Tensor>& more = {}) {
  const at::Tensor a_RI = at::full({1, 3}, 2.0);
  const at::Tensor b_OR = at::full({2, 1}, 3.0);
  std::map<std::string, TensorView> tensors = {{a, view(a_RI)}, {b, view(b_OR)}};
  for (const auto& [name, tensor] : more) tensors[name] = view(tensor);
  const std::filesystem::path file = empty_folder("lora") / "lora.safetensors";
  write_safetensors(file, tensors, {});
  return file;
}

TEST(Lora, MergesAsTheReferenceDoes) {
  const ReferenceLora lora = reference_lora();
  const Weights merged = with_lora(reference_weights("dit_weights.safetensors"), lora.file, lora.alpha);
  const Weights expected = reference_weights("checkpoint/lora_merged_block0.safetensors");
  ASSERT_FALSE(expected.names().empty());
  for (const std::string& name : expected.names()) {
    const auto shape = expected.shape_of(name);
    EXPECT_LT(relative_error(merged.take(name, shape), expected.take(name, shape)), 1e-6) << name;
  }
}

TEST(Lora, LeavesOtherTensorsAlone) {
  const Weights plain = reference_weights("dit_weights.safetensors");
  const ReferenceLora lora = reference_lora();
  const Weights merged = with_lora(plain, lora.file, lora.alpha);
  EXPECT_EQ(merged.names(), plain.names());
  const auto shape = plain.shape_of("patch_embedding.weight");
  EXPECT_TRUE(
      at::equal(merged.take("patch_embedding.weight", shape), plain.take("patch_embedding.weight", shape)));
}

class LoraNames : public testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(LoraNames, AreUnderstood) {
  const Weights merged = with_lora(base(), pair_named(GetParam().first, GetParam().second), 0.5);
  EXPECT_TRUE(at::equal(merged.take("q.weight", {2, 3}), at::full({2, 3}, 4.0)));
  EXPECT_TRUE(at::equal(merged.take("q.bias", {2}), at::ones({2})));
}

INSTANTIATE_TEST_SUITE_P(
    Lora, LoraNames,
    testing::Values(std::pair("q.lora_A.weight", "q.lora_B.weight"),
                    std::pair("q.lora_A.default.weight", "q.lora_B.default.weight"),
                    std::pair("base_model.model.q.lora_A.default.weight",
                              "base_model.model.q.lora_B.default.weight"),
                    std::pair("diffusion_model.q.lora_A.weight", "diffusion_model.q.lora_B.weight"),
                    std::pair("diffusion_model.q.lora_down.weight", "diffusion_model.q.lora_up.weight")));

TEST(Lora, AnAlphaInTheFileCountsMore) {
  const auto file = pair_named("q.lora_A.weight", "q.lora_B.weight", {{"q.alpha", at::full({}, 2.0)}});
  EXPECT_TRUE(at::equal(with_lora(base(), file, 0.5).take("q.weight", {2, 3}), at::full({2, 3}, 13.0)));
}

TEST(Lora, AWholeTensorReplacesTheBases) {
  const auto file = pair_named("q.lora_A.weight", "q.lora_B.weight",
                               {{"base_model.model.q.base_layer.bias", at::full({2}, 7.0)}});
  EXPECT_TRUE(at::equal(with_lora(base(), file, 1).take("q.bias", {2}), at::full({2}, 7.0)));
}

TEST(Lora, ASelectionStaysOne) {
  const Weights selected = weights_of({{"blocks.0.q.weight", at::ones({2, 3})}}, {}).select("blocks.0.");
  const auto file = pair_named("blocks.0.q.lora_A.weight", "blocks.0.q.lora_B.weight");
  EXPECT_TRUE(at::equal(with_lora(selected, file, 1).take("q.weight", {2, 3}), at::full({2, 3}, 7.0)));
}

TEST(Lora, APairForNoTensorOfTheModelIsNamed) {
  const auto file = pair_named("k.lora_A.weight", "k.lora_B.weight");
  EXPECT_THAT(
      refusal_of([&] { with_lora(base(), file, 1); }),
      AllOf(HasSubstr(file.string()), HasSubstr("'k.lora_A.weight'"), HasSubstr("no tensor 'k.weight'")));
}

TEST(Lora, HalfAPairIsNamed) {
  const auto file = pair_named("q.lora_A.weight", "q.weight");
  EXPECT_THAT(refusal_of([&] { with_lora(base(), file, 1); }),
              AllOf(HasSubstr(file.string()), HasSubstr("'q.lora_A.weight'"), HasSubstr("other half")));
}

TEST(Lora, APairThatDoesNotFitIsNamed) {
  const auto file = pair_named("q.lora_B.weight", "q.lora_A.weight");
  EXPECT_THAT(refusal_of([&] { with_lora(base(), file, 1); }),
              AllOf(HasSubstr(file.string()), HasSubstr("'q.lora_A.weight'"), HasSubstr("'q.weight'")));
}

TEST(Lora, TwoAdaptationsOfOneTensorAreRefused) {
  const auto file =
      pair_named("q.lora_A.weight", "q.lora_B.weight", {{"model.q.lora_A.weight", at::ones({1, 3})}});
  EXPECT_THAT(refusal_of([&] { with_lora(base(), file, 1); }), HasSubstr("same tensor"));
}

}  // namespace
}  // namespace longtake
