#include "rank/engine/vae/vae_config.h"

#include <gmock/gmock.h>

#include "jobs/error.h"

namespace longtake {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

json small() {
  return {{"dim", 8},
          {"z_dim", 2},
          {"dim_mult", {1, 2}},
          {"num_res_blocks", 1},
          {"temporal_downsample", {true}},
          {"latent_mean", {0.5, -0.5}},
          {"latent_std", {2.0, 1.0}}};
}

std::string message_for(const json& document) {
  try {
    vae_config_from(document, "vae.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::InvalidInput);
    return error.what();
  }
  return "";
}

TEST(VaeConfig, ReadsWhatItIsGiven) {
  const VaeConfig config = vae_config_from(small(), "vae.json");
  EXPECT_EQ(config.dim, 8);
  EXPECT_EQ(config.levels(), 2);
  EXPECT_EQ(config.spatial_stride(), 2);
  EXPECT_EQ(config.temporal_stride(), 2);
  EXPECT_EQ(config.latent_std, (std::vector<double>{2, 1}));
}

TEST(VaeConfig, ThePublishedOneTurnsEightByEightByFourPixelsIntoALatent) {
  EXPECT_EQ(published_vae().spatial_stride(), 8);
  EXPECT_EQ(published_vae().temporal_stride(), 4);
}

TEST(VaeConfig, TakesThePublishedStatisticsWhenNoneAreGiven) {
  json document = small();
  document["z_dim"] = 16;
  document.erase("latent_mean");
  document.erase("latent_std");
  EXPECT_EQ(vae_config_from(document, "vae.json").latent_mean, published_vae().latent_mean);
}

TEST(VaeConfig, NamesFileAndKeyOfWhatIsWrong) {
  json document = small();
  document.erase("dim_mult");
  EXPECT_THAT(message_for(document), HasSubstr("vae.json: dim_mult is missing"));
  document = small();
  document["dim"] = "eight";
  EXPECT_THAT(message_for(document), HasSubstr("dim has the wrong form"));
  document = small();
  document["temporal_downsample"] = {true, true};
  EXPECT_THAT(message_for(document), HasSubstr("temporal_downsample"));
  document = small();
  document["latent_std"] = {1.0};
  EXPECT_THAT(message_for(document), HasSubstr("z_dim = 2"));
  document = small();
  document["latent_std"] = {1.0, 0.0};
  EXPECT_THAT(message_for(document), HasSubstr("latent_std must be above 0"));
}

}  // namespace
}  // namespace longtake
