#include <caffe2/serialize/inline_container.h>
#include <gmock/gmock.h>

#include "rank/engine/weights/weights.h"
#include "tests/engine/reference.h"
#include "tests/engine/weights/pickle_of.h"
#include "tests/engine/weights/refusal.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A .pth file of this pickle and, unless it is empty, the record data/0.
std::filesystem::path pth_of(const std::string& pickle, const std::vector<float>& record) {
  const std::filesystem::path file = empty_folder("pth") / "model.pth";
  caffe2::serialize::PyTorchStreamWriter archive(file.string());
  archive.writeRecord("data.pkl", pickle.data(), pickle.size());
  if (!record.empty()) archive.writeRecord("data/0", record.data(), record.size() * sizeof(float));
  archive.writeEndOfFile();
  return file;
}

const std::vector<float> kSix = {0, 1, 2, 3, 4, 5};

TEST(Pth, HoldsTheTensorsThatTheSafetensorsFileHolds) {
  const Weights pth = open_weights(reference("checkpoint/vae_part.pth"), {});
  const Weights expected = reference_weights("checkpoint/vae_part.safetensors");
  ASSERT_EQ(pth.names(), expected.names());
  for (const std::string& name : expected.names()) {
    const auto shape = expected.shape_of(name);
    EXPECT_TRUE(at::equal(pth.take(name, shape), expected.take(name, shape))) << name;
  }
}

TEST(Pth, HoldsTheTextEncoderInBfloat16) {
  const Weights pth = open_weights(reference("checkpoint/t5_bf16.pth"), {});
  const Weights exact = reference_weights("t5_weights.safetensors");
  ASSERT_EQ(pth.names(), exact.names());
  for (const std::string& name : exact.names()) {
    const auto shape = exact.shape_of(name);
    EXPECT_TRUE(at::equal(pth.take(name, shape), exact.take(name, shape).to(at::kBFloat16).to(at::kFloat)))
        << name;
  }
}

TEST(Pth, MayBeAStateDict) {
  const auto file = pth_of(pickled_state_dict("w", pickled_tensor()), kSix);
  EXPECT_TRUE(at::equal(open_weights(file, {}).take("w", {2, 3}), at::arange(6, at::kFloat).view({2, 3})));
}

TEST(Pth, TornItIsNamed) {
  const std::string whole = bytes_of(reference("checkpoint/t5_bf16.pth"));
  const std::filesystem::path torn = empty_folder("torn") / "t5.pth";
  for (const std::size_t kept : {whole.size() - 1, whole.size() / 2, std::size_t{100}, std::size_t{0}}) {
    write_bytes(torn, whole.substr(0, kept));
    EXPECT_THAT(refusal_of([&] { open_weights(torn, {}); }),
                AllOf(HasSubstr(torn.string()), HasSubstr("not a complete file of torch.save")))
        << kept;
  }
}

TEST(Pth, AFileThatIsNoArchiveIsNamed) {
  const std::filesystem::path file = empty_folder("pickle") / "model.pth";
  write_bytes(file, pickled_dictionary("w", pickled_tensor()));  // before PyTorch 1.6 this was a checkpoint
  EXPECT_THAT(
      refusal_of([&] { open_weights(file, {}); }),
      AllOf(HasSubstr(file.string() + " is not a complete file of torch.save"), HasSubstr("PyTorch 1.6")));
}

TEST(Pth, APickleOfSomethingElseIsNamed) {
  const auto list = pth_of(
      "\x80\x02]K\x01"
      "a.",
      {});
  EXPECT_THAT(refusal_of([&] { open_weights(list, {}); }),
              AllOf(HasSubstr(list.string() + " is not a torch.save of named tensors"),
                    HasSubstr("root is not a dictionary")));
  const auto module = pth_of(
      "\x80\x02"
      "cmodels.wan\nWanVAE\n)R.",
      {});
  EXPECT_THAT(refusal_of([&] { open_weights(module, {}); }),
              AllOf(HasSubstr(module.string()), HasSubstr("it calls models.wan.WanVAE")));
  const auto training = pth_of(pickled_dictionary("model", "}"), {});
  EXPECT_THAT(refusal_of([&] { open_weights(training, {}); }),
              AllOf(HasSubstr(training.string()), HasSubstr("'model' is not a tensor")));
}

TEST(Pth, ATensorOfAnUnknownTypeIsNamed) {
  std::string tensor = pickled_tensor();
  tensor.replace(tensor.find("FloatStorage"), 12, "QInt8Storage");
  const auto file = pth_of(pickled_dictionary("w", tensor), kSix);
  EXPECT_THAT(refusal_of([&] { open_weights(file, {}); }),
              AllOf(HasSubstr(file.string()), HasSubstr("tensor 'w' has the type torch.QInt8Storage")));
}

TEST(Pth, AMissingRecordIsNamedWithItsTensor) {
  const auto file = pth_of(pickled_dictionary("w", pickled_tensor()), {});
  EXPECT_THAT(refusal_of([&] { open_weights(file, {}); }),
              AllOf(HasSubstr(file.string()), HasSubstr("data/0"), HasSubstr("'w' is missing")));
}

TEST(Pth, ARecordTooShortForItsTensorIsNamed) {
  const auto file = pth_of(pickled_dictionary("w", pickled_tensor(100)), kSix);
  EXPECT_THAT(refusal_of([&] { open_weights(file, {}); }),
              AllOf(HasSubstr(file.string()), HasSubstr("'w' does not fit"), HasSubstr("data/0")));
}

TEST(Pth, AnotherZipArchiveIsRefused) {
  const std::filesystem::path file = empty_folder("zip") / "model.pth";
  caffe2::serialize::PyTorchStreamWriter archive(file.string());
  archive.writeRecord("something", "else", 4);
  archive.writeEndOfFile();
  EXPECT_THAT(refusal_of([&] { open_weights(file, {}); }),
              AllOf(HasSubstr(file.string()), HasSubstr("data.pkl")));
}

}  // namespace
}  // namespace longtake
