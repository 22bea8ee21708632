#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "rank/engine/weights/weights.h"
#include "storage/safetensors.h"
#include "tests/engine/reference.h"
#include "tests/engine/weights/refusal.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kIndex = "diffusion_pytorch_model.safetensors.index.json";

/// A checkpoint of two shards: one.weight [2] in the first, two.weight [2] in the second.
std::filesystem::path sharded(const std::string& name) {
  const std::filesystem::path folder = empty_folder(name);
  const std::string numbers("\x80\x3f\x00\x40", 4);  // 1 and 2 in bf16
  write_safetensors(folder / "model-00001-of-00002.safetensors",
                    {{"one.weight", {TensorType::BF16, {2}, numbers}}}, {});
  write_safetensors(folder / "model-00002-of-00002.safetensors",
                    {{"two.weight", {TensorType::BF16, {2}, numbers}}}, {});
  return folder;
}

void write_index(const std::filesystem::path& folder, const std::string& shard_of_two) {
  const nlohmann::json index = {
      {"weight_map", {{"one.weight", "model-00001-of-00002.safetensors"}, {"two.weight", shard_of_two}}}};
  write_bytes(folder / kIndex, index.dump());
}

TEST(SafetensorsWeights, ShardsHoldWhatTheirIndexSays) {
  const Weights published = open_weights(reference("checkpoint"), {});
  const Weights single = reference_weights("dit_weights.safetensors");
  ASSERT_EQ(published.names(), single.names());
  for (const std::string& name : single.names()) {
    const auto shape = single.shape_of(name);
    // The shards are the same weights rounded to bf16: half a unit of the 8th bit.
    EXPECT_LT(relative_error(published.take(name, shape), single.take(name, shape)), 1.0 / 256) << name;
  }
  EXPECT_EQ(refusal_of([&] { published.refuse_unused(); }), "");
}

TEST(SafetensorsWeights, AreFoundWithAndWithoutAnIndex) {
  const std::filesystem::path folder = sharded("found");
  EXPECT_THAT(open_weights(folder, {}).names(), ElementsAre("one.weight", "two.weight"));
  write_index(folder, "model-00002-of-00002.safetensors");
  EXPECT_THAT(open_weights(folder, {}).names(), ElementsAre("one.weight", "two.weight"));
  EXPECT_THAT(open_weights(folder / kIndex, {}).names(), ElementsAre("one.weight", "two.weight"));
  const Weights one = open_weights(folder / "model-00001-of-00002.safetensors", {});
  EXPECT_EQ(one.take("one.weight", {2})[1].item<float>(), 2.0F);
}

TEST(SafetensorsWeights, AShardThatIsMissingIsNamedWithATensor) {
  const std::filesystem::path folder = sharded("missing-shard");
  write_index(folder, "model-00002-of-00002.safetensors");
  std::filesystem::remove(folder / "model-00002-of-00002.safetensors");
  EXPECT_THAT(refusal_of([&] { open_weights(folder, {}); }),
              AllOf(HasSubstr("model-00002-of-00002.safetensors is missing"), HasSubstr("'two.weight'")));
}

TEST(SafetensorsWeights, AShardThatIsMissingIsNoticedWithoutAnIndex) {
  const std::filesystem::path folder = sharded("missing-without-index");
  std::filesystem::remove(folder / "model-00002-of-00002.safetensors");
  EXPECT_THAT(refusal_of([&] { open_weights(folder, {}); }),
              AllOf(HasSubstr(folder.string()), HasSubstr("has 1 of the shards"), HasSubstr("there are 2")));
}

TEST(SafetensorsWeights, ATensorThatTheIndexPromisesMustBeThere) {
  const std::filesystem::path folder = sharded("broken-promise");
  write_index(folder, "model-00001-of-00002.safetensors");
  EXPECT_THAT(
      refusal_of([&] { open_weights(folder, {}); }),
      AllOf(HasSubstr("model-00001-of-00002.safetensors has no tensor 'two.weight'"), HasSubstr(kIndex)));
}

TEST(SafetensorsWeights, ATensorThatTheIndexDoesNotNameIsRefused) {
  const std::filesystem::path folder = sharded("unnamed");
  const nlohmann::json index = {{"weight_map", {{"one.weight", "model-00001-of-00002.safetensors"}}}};
  write_bytes(folder / kIndex, index.dump());
  EXPECT_THAT(open_weights(folder, {}).names(), ElementsAre("one.weight")) << "a file beside is not asked";
  write_safetensors(folder / "model-00001-of-00002.safetensors",
                    {{"one.weight", {TensorType::U8, {1}, "1"}}, {"three", {TensorType::U8, {1}, "3"}}}, {});
  EXPECT_THAT(refusal_of([&] { open_weights(folder, {}); }),
              AllOf(HasSubstr("'three'"), HasSubstr((folder / "model-00001-of-00002.safetensors").string()),
                    HasSubstr(kIndex), HasSubstr("does not name it")));
}

TEST(SafetensorsWeights, ATensorInTwoShardsIsRefused) {
  const std::filesystem::path folder = sharded("twice");
  const std::filesystem::path second = folder / "model-00002-of-00002.safetensors";
  write_safetensors(
      second, {{"one.weight", {TensorType::U8, {1}, "1"}}, {"two.weight", {TensorType::U8, {1}, "2"}}}, {});
  EXPECT_THAT(refusal_of([&] { open_weights(folder, {}); }),
              AllOf(HasSubstr("'one.weight' is both in"), HasSubstr("model-00001-of-00002.safetensors"),
                    HasSubstr(second.string())));
  write_index(folder, "model-00002-of-00002.safetensors");
  EXPECT_THAT(refusal_of([&] { open_weights(folder, {}); }),
              AllOf(HasSubstr("'one.weight' is in " + second.string()),
                    HasSubstr("says that it is in model-00001-of-00002.safetensors")));
}

class TornSafetensors : public testing::TestWithParam<std::pair<const char*, const char*>> {};

/// A file of this header and eight bytes of data.
std::filesystem::path file_of_header(const std::string& header) {
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  const std::filesystem::path file = empty_folder("header") / "model.safetensors";
  write_bytes(file, bytes + header + std::string(8, '\1'));
  return file;
}

TEST_P(TornSafetensors, IsNamedWithWhatIsWrong) {
  const std::filesystem::path file = file_of_header(GetParam().first);
  EXPECT_THAT(
      refusal_of([&] { open_weights(file, {}); }),
      AllOf(HasSubstr(file.string() + " is not a complete safetensors file"), HasSubstr(GetParam().second)));
}

INSTANTIATE_TEST_SUITE_P(
    SafetensorsWeights, TornSafetensors,
    testing::Values(
        std::pair("not json", "header is not a JSON object"), std::pair("[]", "header is not a JSON object"),
        std::pair(R"({"w":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})", "'w' lies at [0, 12) of 8"),
        std::pair(R"({"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", "'w' has 8 bytes"),
        std::pair(R"({"w":{"dtype":"F4","shape":[2],"data_offsets":[0,8]}})",
                  "'w' has the unknown type 'F4'"),
        std::pair(R"({"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", "'w' has 8 bytes"),
        std::pair(R"({"w":{"dtype":"F32","data_offsets":[0,8]}})", "'w'"),
        std::pair(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "end at byte")));

TEST(SafetensorsWeights, AFileCutInItsHeaderIsNamed) {
  const std::filesystem::path file =
      file_of_header(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})");
  const std::string whole = bytes_of(file);
  EXPECT_THAT(open_weights(file, {}).names(), ElementsAre("w"));
  for (const std::size_t kept : {std::size_t{0}, std::size_t{7}, std::size_t{20}}) {
    write_bytes(file, whole.substr(0, kept));
    EXPECT_THAT(refusal_of([&] { open_weights(file, {}); }),
                HasSubstr(file.string() + " is not a complete safetensors file"))
        << kept;
  }
}

TEST(SafetensorsWeights, AFileShorterThanItsHeaderSaysIsNamedWithATensor) {
  const std::filesystem::path folder = sharded("truncated");
  write_index(folder, "model-00002-of-00002.safetensors");
  const std::filesystem::path shard = folder / "model-00002-of-00002.safetensors";
  std::filesystem::resize_file(shard, std::filesystem::file_size(shard) - 1);
  EXPECT_THAT(refusal_of([&] { open_weights(folder, {}); }),
              AllOf(HasSubstr(shard.string()), HasSubstr("'two.weight'")));
}

TEST(SafetensorsWeights, AnIndexMustBeOne) {
  const std::filesystem::path folder = sharded("bad-index");
  for (const char* content : {"{\"weight_map\": 3}", "{}", "[1]", "{\"weight_map\": {\"w\": 1}}"}) {
    write_bytes(folder / kIndex, content);
    EXPECT_THAT(refusal_of([&] { open_weights(folder, {}); }),
                AllOf(HasSubstr((folder / kIndex).string()), HasSubstr("weight_map")))
        << content;
  }
  write_bytes(folder / kIndex, "<html>");
  EXPECT_EQ(refusal_of([&] { open_weights(folder, {}); }),
            (folder / kIndex).string() + " is not an index of shards: it is not JSON");
}

TEST(SafetensorsWeights, NothingIsGuessed) {
  const std::filesystem::path folder = empty_folder("nothing");
  EXPECT_THAT(refusal_of([&] { open_weights(folder, {}); }), HasSubstr(folder.string()));
  EXPECT_THAT(refusal_of([&] { open_weights(folder / "no.safetensors", {}); }),
              HasSubstr("no.safetensors is missing"));
  write_bytes(folder / "model.ckpt", "");
  EXPECT_THAT(refusal_of([&] { open_weights(folder / "model.ckpt", {}); }),
              HasSubstr(".safetensors.index.json"));
}

TEST(SafetensorsWeights, Float8IsReadInTheTypeAskedFor) {
  const std::filesystem::path folder = empty_folder("fp8");
  write_safetensors(
      folder / "model.safetensors",
      {{"e4m3", {TensorType::F8_E4M3, {2}, "\x38\x7e"}}, {"e5m2", {TensorType::F8_E5M2, {2}, "\x3c\x7b"}}},
      {});
  const Weights weights = open_weights(folder, {at::kBFloat16, at::kCPU});
  EXPECT_EQ(weights.take("e4m3", {2})[1].item<float>(), 448.0F);
  EXPECT_EQ(weights.take("e5m2", {2})[1].item<float>(), 57344.0F);
  EXPECT_EQ(weights.take("e5m2", {2}).scalar_type(), at::kBFloat16);
}

}  // namespace
}  // namespace longtake
