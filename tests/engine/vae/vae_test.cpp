#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>

#include "jobs/error.h"
#include "rank/engine/compute_threads.h"
#include "rank/engine/vae/vae_decoder.h"
#include "rank/engine/vae/vae_encoder.h"
#include "storage/safetensors.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

using ::testing::HasSubstr;

constexpr double kTolerance = 1e-4;
constexpr const char* kIo = "vae_io.safetensors";
constexpr const char* kWeights = "vae_weights.safetensors";

at::Tensor io(const std::string& name) { return reference_tensor(kIo, name); }

std::vector<double> numbers(const at::Tensor& tensor) {
  const at::Tensor wide = tensor.to(at::kDouble).contiguous();
  return {wide.data_ptr<double>(), wide.data_ptr<double>() + wide.numel()};
}

VaeConfig reference_config() {
  nlohmann::json document = reference_json("meta.json").at("vae");
  document["latent_mean"] = numbers(io("latent_mean"));
  document["latent_std"] = numbers(io("latent_std"));
  return vae_config_from(document, "meta.json");
}

VaeDecoder reference_decoder() { return {reference_config(), reference_weights(kWeights)}; }
VaeEncoder reference_encoder() { return {reference_config(), reference_weights(kWeights)}; }

class Vae : public ::testing::Test {
 private:
  c10::InferenceMode inference_;
};

TEST_F(Vae, EncodesAVideoAsPublished) {
  VaeStream stream;
  EXPECT_LT(relative_error(reference_encoder().encode(stream, io("video")), io("latent")), kTolerance);
}

TEST_F(Vae, EncodesAnImageAsPublished) {
  VaeStream stream;
  EXPECT_LT(relative_error(reference_encoder().encode(stream, io("image")), io("image_latent")), kTolerance);
}

TEST_F(Vae, DecodesAVideoAsPublished) {
  VaeStream stream;
  EXPECT_LT(relative_error(reference_decoder().decode(stream, io("latent")), io("decoded")), kTolerance);
}

TEST_F(Vae, DecodesAStreamAsPublished) {
  const VaeDecoder decoder = reference_decoder();
  const SafetensorsFile file(reference(kIo));
  VaeStream stream;
  int pieces = 0;
  for (; file.entries().count("z" + std::to_string(pieces + 1)) == 1; ++pieces) {
    const std::string number = std::to_string(pieces + 1);
    EXPECT_LT(relative_error(decoder.decode(stream, io("z" + number)), io("stream" + number)), kTolerance)
        << "piece " << number;
  }
  EXPECT_GE(pieces, 2);
}

TEST_F(Vae, GivesTheSameFramesHoweverTheLatentsAreCut) {
  const VaeDecoder decoder = reference_decoder();
  const at::Tensor latents = io("z1");
  VaeStream whole, pieces;
  const at::Tensor expected = decoder.decode(whole, latents);
  std::vector<at::Tensor> parts;
  for (std::int64_t frame = 0; frame < latents.size(2); ++frame) {
    parts.push_back(decoder.decode(pieces, latents.narrow(2, frame, 1)));
  }
  EXPECT_TRUE(at::equal(at::cat(parts, 2), expected));
}

TEST_F(Vae, GivesTheSameLatentsHoweverTheFramesAreCut) {
  const VaeEncoder encoder = reference_encoder();
  const at::Tensor video = io("video");
  const std::int64_t chunk = reference_config().temporal_stride();
  VaeStream whole, pieces;
  const at::Tensor expected = encoder.encode(whole, video);
  std::vector<at::Tensor> parts = {encoder.encode(pieces, video.narrow(2, 0, 1))};
  for (std::int64_t first = 1; first < video.size(2); first += chunk) {
    parts.push_back(encoder.encode(pieces, video.narrow(2, first, chunk)));
  }
  EXPECT_TRUE(at::equal(at::cat(parts, 2), expected));
}

TEST_F(Vae, AStreamKeepsItsSizeHoweverLongTheVideo) {
  const VaeDecoder decoder = reference_decoder();
  const at::Tensor latents = io("z1").narrow(2, 0, 2);
  VaeStream stream;
  decoder.decode(stream, latents);
  decoder.decode(stream, latents);
  const std::int64_t bytes = stream.bytes();
  EXPECT_GT(bytes, 0);
  for (int piece = 0; piece < 4; ++piece) decoder.decode(stream, latents);
  EXPECT_EQ(stream.bytes(), bytes);
}

TEST_F(Vae, LaysFramesOutAsAnEncoderOfVideoReadsThem) {
  VaeStream stream;
  const at::Tensor frames = reference_decoder().decode(stream, io("z1"));
  EXPECT_EQ(frames.scalar_type(), at::kFloat);
  EXPECT_TRUE(frames[0].permute({1, 2, 3, 0}).is_contiguous());
}

TEST_F(Vae, ReadsThePthFileAsTheSafetensorsFile) {
  const Weights pth = open_weights(reference("checkpoint/vae_part.pth"), {});
  const std::string part = "checkpoint/vae_part.safetensors";
  const SafetensorsFile file(reference(part));
  EXPECT_EQ(pth.names().size(), file.entries().size());
  for (const auto& [name, entry] : file.entries()) {
    EXPECT_TRUE(at::equal(pth.take(name, entry.shape), reference_tensor(part, name))) << name;
  }
  pth.refuse_unused();
}

TEST_F(Vae, TheNumberOfComputeThreadsChangesNoBit) {
  const VaeConfig config = reference_config();
  const VaeDecoder decoder(config, random_weights(5, {}));
  const VaeEncoder encoder(config, random_weights(5, {}));
  const at::Tensor latents = at::sin(at::arange(config.z_dim * 2 * 12 * 12, at::kFloat) * 0.7F)
                                 .reshape({1, config.z_dim, 2, 12, 12});
  at::Tensor expected_frames, expected_latents;
  for (const int threads : {1, 2, 3}) {
    use_compute_threads(threads);
    VaeStream decoding, encoding;
    const at::Tensor frames = decoder.decode(decoding, latents);
    const at::Tensor again = encoder.encode(encoding, frames);
    if (threads == 1) expected_frames = frames, expected_latents = again;
    EXPECT_TRUE(at::equal(frames, expected_frames)) << threads;
    EXPECT_TRUE(at::equal(again, expected_latents)) << threads;
  }
}

template <typename Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::InvalidInput);
    return error.what();
  }
  return "";
}

std::map<std::string, at::Tensor> all_tensors() {
  std::map<std::string, at::Tensor> tensors;
  const SafetensorsFile file(reference(kWeights));
  for (const auto& [name, entry] : file.entries()) tensors[name] = reference_tensor(kWeights, name);
  return tensors;
}

TEST_F(Vae, RefusesACheckpointOfAnotherShape) {
  const auto decoder_of = [](std::map<std::string, at::Tensor> tensors) {
    return message_of([&] { VaeDecoder(reference_config(), weights_of(std::move(tensors), {})); });
  };
  EXPECT_EQ(decoder_of(all_tensors()), "");
  auto missing = all_tensors();
  missing.erase("decoder.middle.1.proj.bias");
  EXPECT_THAT(decoder_of(missing), HasSubstr("decoder.middle.1.proj.bias"));
  auto misshaped = all_tensors();
  misshaped["decoder.head.2.weight"] = at::zeros({1, 2, 3});
  EXPECT_THAT(decoder_of(misshaped), HasSubstr("decoder.head.2.weight"));
  auto unknown = all_tensors();
  unknown["decoder.upsamples.99.gamma"] = at::zeros({1});
  EXPECT_THAT(decoder_of(unknown), HasSubstr("decoder.upsamples.99.gamma"));
  auto unknown_part = all_tensors();
  unknown_part["model_ema.decay"] = at::zeros({1});
  EXPECT_THAT(decoder_of(unknown_part), HasSubstr("model_ema.decay"));
  EXPECT_THAT(message_of([&] { VaeEncoder(reference_config(), weights_of(unknown_part, {})); }),
              HasSubstr("model_ema.decay"));
}

TEST_F(Vae, RefusesTensorsThatAreNoVideo) {
  const VaeEncoder encoder = reference_encoder();
  const std::int64_t side = reference_config().spatial_stride();
  VaeStream stream;
  const auto encode = [&](at::Tensor frames) { return message_of([&] { encoder.encode(stream, frames); }); };
  EXPECT_THAT(encode(at::zeros({1, 3, 2, side, side})), HasSubstr("and one, got [1, 3, 2,"));
  EXPECT_THAT(encode(at::zeros({1, 3, 1, side, side + 1})), HasSubstr("multiples of"));
  EXPECT_THAT(encode(at::zeros({3, 1, side, side})), HasSubstr("must be [1, 3, frames, height, width]"));
  const VaeDecoder decoder = reference_decoder();
  EXPECT_THAT(message_of([&] {
                decoder.decode(stream, at::zeros({1, 3, 1, 4, 4}));
              }),
              HasSubstr("got [1, 3, 1, 4, 4]"));
}

}  // namespace
}  // namespace longtake
