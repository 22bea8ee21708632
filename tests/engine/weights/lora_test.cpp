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
                                 const std::map<std::string, at::Tensor>& more = {},
                                 const TensorMetadata& metadata = {}) {
  const at::Tensor a_RI = at::full({1, 3}, 2.0);
  const at::Tensor b_OR = at::full({2, 1}, 3.0);
  std::map<std::string, TensorView> tensors = {{a, view(a_RI)}, {b, view(b_OR)}};
  for (const auto& [name, tensor] : more) tensors[name] = view(tensor);
  const std::filesystem::path file = empty_folder("lora") / "lora.safetensors";
  write_safetensors(file, tensors, metadata);
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

/// The alpha that was used for a pair of rank 1 with B A = 6 on a weight of ones.
double alpha_used(const std::filesystem::path& file, double otherwise) {
  return (with_lora(base(), file, otherwise).take("q.weight", {2, 3})[0][0].item<double>() - 1) / 6;
}

TEST(Lora, AnAlphaInTheMetadataHoldsForAllPairs) {
  const auto file = pair_named("q.lora_A.weight", "q.lora_B.weight", {}, {{"lora_alpha", "2.5"}});
  EXPECT_EQ(alpha_used(file, 0.5), 2.5);
  write_bytes(file.parent_path() / "adapter_config.json", R"({"lora_alpha": 4})");
  EXPECT_EQ(alpha_used(file, 0.5), 2.5);
}

TEST(Lora, AnAlphaInTheAdapterConfigHoldsForAllPairs) {
  const auto file = pair_named("q.lora_A.weight", "q.lora_B.weight");
  const auto config = file.parent_path() / "adapter_config.json";
  write_bytes(config, R"({"r": 1, "lora_alpha": 4, "use_rslora": false, "alpha_pattern": {}})");
  EXPECT_EQ(alpha_used(file, 0.5), 4);
  write_bytes(config, R"({"r": 1})");
  EXPECT_EQ(alpha_used(file, 0.5), 0.5);
}

TEST(Lora, AnAlphaThatCannotBeUsedIsNamed) {
  const auto file = pair_named("q.lora_A.weight", "q.lora_B.weight", {}, {{"lora_alpha", "much"}});
  EXPECT_EQ(refusal_of([&] { with_lora(base(), file, 1); }),
            file.string() + ": its metadata's 'lora_alpha' must be a number, got 'much'");
  const auto silent = pair_named("q.lora_A.weight", "q.lora_B.weight");
  const auto config = silent.parent_path() / "adapter_config.json";
  for (const auto& [content, reason] : {std::pair(R"({"lora_alpha": "4"})", "'lora_alpha' must be a number"),
                                        std::pair(R"({"use_rslora": true})", "'use_rslora'"),
                                        std::pair(R"({"alpha_pattern": {"q": 2}})", "'alpha_pattern'"),
                                        std::pair("{", "not a JSON object")}) {
    write_bytes(config, content);
    EXPECT_THAT(refusal_of([&] { with_lora(base(), silent, 1); }),
                AllOf(HasSubstr(config.string()), HasSubstr(reason)));
  }
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
  const auto only_a = pair_named("q.lora_A.weight", "q.weight");
  EXPECT_EQ(
      refusal_of([&] { with_lora(base(), only_a, 1); }),
      "tensor 'q.lora_A.weight' of the adaptation " + only_a.string() + " is without its other half, B");
  const auto only_b = pair_named("q.weight", "q.lora_B.weight");
  EXPECT_EQ(
      refusal_of([&] { with_lora(base(), only_b, 1); }),
      "tensor 'q.lora_B.weight' of the adaptation " + only_b.string() + " is without its other half, A");
}

TEST(Lora, AnAlphaWithoutAPairOrOfSeveralNumbersIsNamed) {
  const auto alone = pair_named("q.lora_A.weight", "q.lora_B.weight", {{"q.alpha", at::ones({2})}});
  EXPECT_THAT(refusal_of([&] { with_lora(base(), alone, 1); }),
              AllOf(HasSubstr("'q.alpha'"), HasSubstr("shape [2]"), HasSubstr("not one number")));
  const Weights two = weights_of({{"q.weight", at::ones({2, 3})}, {"k.weight", at::ones({2, 3})}}, {});
  const auto other = pair_named("q.lora_A.weight", "q.lora_B.weight", {{"k.alpha", at::ones({})}});
  EXPECT_THAT(refusal_of([&] { with_lora(two, other, 1); }),
              AllOf(HasSubstr("'k.alpha'"), HasSubstr("without its pair")));
}

/// A file of A and B of these shapes for q.weight [2, 3].
std::filesystem::path pair_of_shapes(at::IntArrayRef a, at::IntArrayRef b) {
  const at::Tensor down = at::ones(a);
  const at::Tensor up = at::ones(b);
  const std::filesystem::path file = empty_folder("shapes") / "lora.safetensors";
  write_safetensors(file, {{"q.lora_A.weight", view(down)}, {"q.lora_B.weight", view(up)}}, {});
  return file;
}

TEST(Lora, APairThatDoesNotFitIsNamedWithTheShapes) {
  const auto wide = pair_of_shapes({1, 4}, {2, 1});
  EXPECT_EQ(refusal_of([&] { with_lora(base(), wide, 1); }),
            "tensor 'q.lora_A.weight' of the adaptation " + wide.string() +
                " has shape [1, 4], which does not fit the columns of tensor 'q.weight' of the model in "
                "memory, shape [2, 3]");
  const auto high = pair_of_shapes({1, 3}, {3, 1});
  EXPECT_THAT(refusal_of([&] { with_lora(base(), high, 1); }),
              AllOf(HasSubstr("'q.lora_B.weight'"), HasSubstr("[3, 1]"), HasSubstr("rows"),
                    HasSubstr("'q.weight'"), HasSubstr("[2, 3]")));
}

TEST(Lora, APairWithoutARankIsNamed) {
  for (const auto& [a, b] : {std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>>({1, 3}, {2, 2}),
                             {{0, 3}, {2, 0}},
                             {{3}, {2, 1}}}) {
    const auto file = pair_of_shapes(a, b);
    EXPECT_THAT(refusal_of([&] { with_lora(base(), file, 1); }),
                AllOf(HasSubstr(file.string()), HasSubstr("'q.lora_A.weight'"),
                      HasSubstr("'q.lora_B.weight'"), HasSubstr("have no rank")));
  }
}

TEST(Lora, APairForAVectorIsNamed) {
  const auto file = pair_named("q.bias.lora_A.weight", "q.bias.lora_B.weight");
  const Weights with_vector = weights_of({{"q.bias.weight", at::ones({2})}}, {});
  EXPECT_THAT(refusal_of([&] { with_lora(with_vector, file, 1); }),
              AllOf(HasSubstr("'q.bias.lora_A.weight'"), HasSubstr("no matrix"), HasSubstr("[2]")));
}

TEST(Lora, AWholeTensorOfAnotherShapeIsNamed) {
  const auto file = pair_named("q.lora_A.weight", "q.lora_B.weight", {{"q.bias", at::ones({3})}});
  EXPECT_THAT(refusal_of([&] { with_lora(base(), file, 1); }),
              AllOf(HasSubstr(file.string()), HasSubstr("'q.bias'"), HasSubstr("[3]"), HasSubstr("[2]")));
}

TEST(Lora, ATornFileIsNamed) {
  const auto file = pair_named("q.lora_A.weight", "q.lora_B.weight");
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
  EXPECT_THAT(refusal_of([&] { with_lora(base(), file, 1); }),
              AllOf(HasSubstr(file.string()), HasSubstr("not a complete safetensors file")));
}

TEST(Lora, TwoAdaptationsOfOneTensorAreRefused) {
  const auto file =
      pair_named("q.lora_A.weight", "q.lora_B.weight", {{"model.q.lora_A.weight", at::ones({1, 3})}});
  EXPECT_THAT(refusal_of([&] { with_lora(base(), file, 1); }), HasSubstr("same tensor"));
}

}  // namespace
}  // namespace longtake
