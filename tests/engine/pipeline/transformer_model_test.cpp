#include "rank/engine/pipeline/transformer_model.h"

#include <gtest/gtest.h>

#include "jobs/layout.h"
#include "jobs/model/memory_model.h"
#include "rank/engine/weights/weight_source.h"
#include "tests/engine/pipeline/small_film.h"

namespace longtake {
namespace {

ModelShape shape_of(const TransformerConfig& config) {
  ModelShape shape;
  shape.dim = config.dim;
  shape.ffn_dim = config.ffn_dim;
  shape.heads = config.heads;
  shape.layers = config.layers;
  shape.freq_dim = config.freq_dim;
  shape.text_len = config.text_len;
  shape.text_dim = config.text_dim;
  shape.latent_channels = config.latent_channels;
  shape.pose_channels = config.pose_channels;
  shape.audio_dim = config.audio_dim;
  shape.audio_layers = config.audio_layers;
  shape.audio_tokens = config.audio_heads;
  shape.audio_inject_layers = config.audio_inject_layers;
  return shape;
}

/// Random weights that count what is read of them.
class CountedWeights : public WeightSource {
 public:
  std::vector<std::string> names() const override { return source_->names(); }
  bool has(const std::string& name) const override { return source_->has(name); }
  std::vector<std::int64_t> shape_of(const std::string& name) const override {
    return source_->shape_of(name);
  }
  at::Tensor read(const std::string& name, at::IntArrayRef shape) const override {
    const at::Tensor tensor = source_->read(name, shape);
    bytes_ += static_cast<std::int64_t>(tensor.nbytes());
    return tensor;
  }
  std::string file_of(const std::string& name) const override { return source_->file_of(name); }
  bool has_shapes() const override { return source_->has_shapes(); }

  std::int64_t bytes() const { return bytes_; }

 private:
  std::shared_ptr<const WeightSource> source_ = random_weights(7, {}).source();
  mutable std::int64_t bytes_ = 0;
};

TEST(TransformerModel, AStageHoldsTheWeightsThatThePlannerCounts) {
  const TransformerConfig config = small_transformer_config();
  for (const int ways : {1, 2, 3}) {
    for (const Stage& stage : layers_layout(config.layers, 3, ways).stages) {
      const auto weights = std::make_shared<CountedWeights>();
      const TransformerModel model(config, Weights(weights, {}), stage.layers);
      EXPECT_EQ(weights->bytes(),
                stage_weight_bytes(shape_of(config), stage, WeightType::Fp32, DeviceKind::Cpu))
          << "layers from " << stage.layers.begin << " of " << ways << " ways";
      EXPECT_EQ(model.input.has_value(), stage.layers.begin == 0);
      EXPECT_EQ(model.audio.has_value(), stage.layers.begin == 0);
      EXPECT_EQ(model.head.has_value(), stage.layers.end == config.layers);
    }
  }
}

}  // namespace
}  // namespace longtake
