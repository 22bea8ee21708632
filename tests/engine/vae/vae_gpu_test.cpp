#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <iostream>

#include "rank/engine/vae/vae_decoder.h"
#include "rank/engine/vae/vae_encoder.h"
#include "tests/engine/gpu/skip_without_gpu.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

constexpr double kTolerance = 1e-4;  // the CPU's
constexpr double kHalfTolerance = 0.05;

at::Tensor io(const std::string& name) { return reference_tensor("vae_io.safetensors", name); }

VaeConfig reference_config() {
  VaeConfig config = vae_config_from(reference_json("meta.json").at("vae"), "meta.json");
  const auto numbers = [](const at::Tensor& tensor) {
    const at::Tensor wide = tensor.to(at::kDouble).contiguous();
    return std::vector<double>(wide.data_ptr<double>(), wide.data_ptr<double>() + wide.numel());
  };
  config.latent_mean = numbers(io("latent_mean"));
  config.latent_std = numbers(io("latent_std"));
  return config;
}

Weights weights_in(at::ScalarType type) {
  return open_weights(reference("vae_weights.safetensors"), {type, at::kCUDA});
}

at::Tensor encoded(at::ScalarType type, const std::string& frames) {
  VaeStream stream;
  return VaeEncoder(reference_config(), weights_in(type)).encode(stream, io(frames)).cpu();
}

at::Tensor decoded(at::ScalarType type) {
  VaeStream stream;
  return VaeDecoder(reference_config(), weights_in(type)).decode(stream, io("latent").cuda()).cpu();
}

class VaeOnGpu : public ::testing::Test {
 private:
  c10::InferenceMode inference_;
};

TEST_F(VaeOnGpu, EncodesAsPublishedInFloat32) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  EXPECT_LT(relative_error(encoded(at::kFloat, "video"), io("latent")), kTolerance);
  EXPECT_LT(relative_error(encoded(at::kFloat, "image"), io("image_latent")), kTolerance);
}

TEST_F(VaeOnGpu, DecodesAsPublishedInFloat32) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  EXPECT_LT(relative_error(decoded(at::kFloat), io("decoded")), kTolerance);
}

TEST_F(VaeOnGpu, DecodesAStreamAsPublishedInFloat32) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const VaeDecoder decoder(reference_config(), weights_in(at::kFloat));
  VaeStream stream;
  for (const char* number : {"1", "2"}) {
    const at::Tensor frames = decoder.decode(stream, io(std::string("z") + number).cuda());
    EXPECT_LT(relative_error(frames.cpu(), io(std::string("stream") + number)), kTolerance) << number;
  }
}

TEST_F(VaeOnGpu, ComputesInHalves) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  for (const at::ScalarType type : {at::kBFloat16, at::kHalf}) {
    const double encoding = relative_error(encoded(type, "video"), io("latent"));
    const double decoding = relative_error(decoded(type), io("decoded"));
    std::cout << at::toString(type) << ": relative error of encoding " << encoding << ", of decoding "
              << decoding << "\n";
    EXPECT_LT(encoding, kHalfTolerance) << at::toString(type);
    EXPECT_LT(decoding, kHalfTolerance) << at::toString(type);
  }
}

TEST_F(VaeOnGpu, GivesTheSameFramesHoweverTheLatentsAreCut) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const VaeDecoder decoder(reference_config(), weights_in(at::kBFloat16));
  const at::Tensor latents = io("z1").cuda();
  VaeStream whole, pieces;
  const at::Tensor expected = decoder.decode(whole, latents);
  std::vector<at::Tensor> parts;
  for (std::int64_t frame = 0; frame < latents.size(2); ++frame) {
    parts.push_back(decoder.decode(pieces, latents.narrow(2, frame, 1)));
  }
  EXPECT_TRUE(at::equal(at::cat(parts, 2), expected));
}

}  // namespace
}  // namespace longtake
