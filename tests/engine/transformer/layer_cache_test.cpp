#include "rank/engine/transformer/layer_cache.h"

#include <gtest/gtest.h>

#include "rank/engine/kernels/rotary.h"
#include "rank/engine/transformer/rope.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

TransformerConfig small_config() {
  TransformerConfig config;
  config.dim = 24;
  config.heads = 2;
  config.layers = 1;
  return config;
}

class LayerCacheTest : public testing::Test {
 protected:
  LayerCache::Slot write(float value) {
    const LayerCache::Slot slot = cache_.next_slot();
    slot.keys_LHK.fill_(value);
    slot.values_LHK.fill_(-value);
    return slot;
  }

  /// The values of the blocks that attention sees, in the ring's order.
  std::vector<float> window() const {
    std::vector<float> values;
    const at::Tensor keys = cache_.keys();
    for (std::int64_t at = sink_; at < keys.size(0); at += grid_.tokens()) {
      const at::Tensor block = keys.narrow(0, at, grid_.tokens());
      EXPECT_TRUE(at::equal(block, -cache_.values().narrow(0, at, grid_.tokens())));
      EXPECT_EQ(block.min().item<float>(), block.max().item<float>());
      values.push_back(block.min().item<float>());
    }
    return values;
  }

  void store_sink() {
    raw_ = at::randn({sink_, config_.heads, config_.head_dim()});
    cache_.sink_values_SHK().fill_(7);
    const at::Tensor turn = at::ones({sink_, config_.head_dim() / 2}, at::kComplexFloat);
    cache_.store_sink_keys(raw_, turn, 30);
  }

  at::Tensor reference_turn(std::int64_t frame) const {
    return rotation_TJ(reference_positions(grid_, frame), config_.head_dim(), at::kCPU);
  }

  TransformerConfig config_ = small_config();
  TokenGrid grid_ = token_grid(3, 8, 10);
  std::int64_t sink_ = sink_tokens(grid_);
  LayerCache cache_{config_, {grid_, 4}, at::TensorOptions(at::kFloat)};
  at::Tensor raw_;
};

TEST_F(LayerCacheTest, ShowsOnlyTheSinkAtFirst) {
  EXPECT_EQ(cache_.keys().size(0), sink_);
  EXPECT_EQ(cache_.blocks_in_window(), 0);
}

TEST_F(LayerCacheTest, GrowsToItsWindowThenReplacesTheOldestBlock) {
  const std::vector<std::vector<float>> expected = {{1},          {1, 2},       {1, 2, 3},
                                                    {1, 2, 3, 4}, {5, 2, 3, 4}, {5, 6, 3, 4}};
  for (std::size_t block = 0; block < expected.size(); ++block) {
    write(static_cast<float>(block + 1));
    EXPECT_EQ(window(), expected[block]);
  }
}

TEST_F(LayerCacheTest, IsReadInPlace) {
  write(1);
  const at::Tensor before = cache_.keys();
  write(2);
  EXPECT_EQ(before.data_ptr(), cache_.keys().data_ptr());
  EXPECT_EQ(cache_.values().stride(0), config_.dim);
}

TEST_F(LayerCacheTest, AClearedWindowBeginsAgainAndKeepsTheSink) {
  store_sink();
  for (int block = 1; block <= 6; ++block) write(static_cast<float>(block));
  cache_.clear_window();
  EXPECT_EQ(cache_.keys().size(0), sink_);
  write(9);
  EXPECT_EQ(window(), std::vector<float>{9});
  EXPECT_TRUE(at::equal(cache_.sink_keys_SHK(), raw_));
}

TEST_F(LayerCacheTest, MovesTheReferenceAndNothingElse) {
  store_sink();
  write(3);
  const std::int64_t reference = grid_.tokens_per_frame();
  const at::Tensor motion = cache_.keys().narrow(0, reference, sink_ - reference).clone();
  cache_.place_reference(41, reference_turn(41));
  const at::Tensor expected = at::empty({reference, config_.heads, config_.head_dim()});
  rotate_into(expected, raw_.narrow(0, 0, reference), reference_turn(41));
  EXPECT_TRUE(at::equal(cache_.keys().narrow(0, 0, reference), expected));
  EXPECT_TRUE(at::equal(cache_.keys().narrow(0, reference, sink_ - reference), motion));
  EXPECT_EQ(window(), std::vector<float>{3});
}

TEST_F(LayerCacheTest, APlaceDoesNotDependOnThePlacesBefore) {
  store_sink();
  for (const std::int64_t frame : {33, 100000, 5, 41}) cache_.place_reference(frame, reference_turn(frame));
  const at::Tensor wandered = cache_.sink_keys_SHK().clone();
  cache_.place_reference(30, reference_turn(30));
  cache_.place_reference(41, reference_turn(41));
  EXPECT_TRUE(at::equal(cache_.sink_keys_SHK(), wandered));
}

TEST_F(LayerCacheTest, RotatesTheReferenceOncePerChange) {
  store_sink();
  cache_.place_reference(41, reference_turn(41));
  const at::Tensor placed = cache_.sink_keys_SHK().clone();
  cache_.place_reference(41, reference_turn(50));  // not looked at: the keys are there already
  EXPECT_TRUE(at::equal(cache_.sink_keys_SHK(), placed));
}

TEST_F(LayerCacheTest, ASharedSinkIsTheOthersAndMovesOnItsOwn) {
  store_sink();
  LayerCache other(config_, {grid_, 4}, at::TensorOptions(at::kFloat));
  other.share_sink(cache_);
  EXPECT_TRUE(at::equal(other.sink_keys_SHK(), cache_.sink_keys_SHK()));
  EXPECT_TRUE(at::equal(other.sink_values_SHK(), cache_.sink_values_SHK()));
  other.place_reference(41, reference_turn(41));
  EXPECT_TRUE(at::equal(cache_.sink_keys_SHK(), raw_));
  cache_.place_reference(41, reference_turn(41));
  EXPECT_TRUE(at::equal(other.sink_keys_SHK(), cache_.sink_keys_SHK()));
}

TEST_F(LayerCacheTest, CountsItsBytes) {
  const std::int64_t tokens = 2 * (sink_ + 4 * grid_.tokens()) + grid_.tokens_per_frame();
  EXPECT_EQ(cache_.window_bytes() + cache_.sink_bytes() + cache_.reference_bytes(), tokens * config_.dim * 4);
}

/// Two layers that take turns with one room.
class LayerCacheInFp8 : public testing::Test {
 protected:
  LayerCache cache() const { return {config_, shape_, at::TensorOptions(at::kFloat), room_}; }

  at::Tensor numbers(std::int64_t tokens, std::uint64_t seed) const {
    at::manual_seed(seed);
    return at::randn({tokens, config_.heads, config_.head_dim()});
  }
  at::Tensor turn(std::int64_t frame) const {
    return rotation_TJ(reference_positions(shape_.grid, frame), config_.head_dim(), at::kCPU);
  }

  void write_sink(LayerCache& cache, std::uint64_t seed) const {
    cache.sink_values_SHK().copy_(numbers(sink_, seed + 1));
    const at::Tensor turn_SJ = at::ones({sink_, config_.head_dim() / 2}, at::kComplexFloat);
    cache.store_sink_keys(numbers(sink_, seed), turn_SJ, 30);
  }
  void write_block(LayerCache& cache, std::uint64_t seed) const {
    const LayerCache::Slot slot = cache.next_slot();
    slot.keys_LHK.copy_(numbers(shape_.grid.tokens(), seed));
    slot.values_LHK.copy_(numbers(shape_.grid.tokens(), seed + 1));
    cache.keep_slot();
    cache.place_reference(41, turn(41));
  }

  TransformerConfig config_ = small_config();
  CacheShape shape_{token_grid(3, 8, 10), 2, KvCacheDtype::Fp8};
  std::int64_t sink_ = sink_tokens(shape_.grid);
  CacheRoom room_{at::zeros({shape_.tokens(), config_.heads, config_.head_dim()}),
                  at::zeros({shape_.tokens(), config_.heads, config_.head_dim()})};
};

TEST_F(LayerCacheInFp8, OpensWhatWasWrittenBefore) {
  LayerCache one = cache(), other = cache();
  write_sink(one, 1);
  write_sink(other, 3);
  for (const std::uint64_t block : {10, 20, 30}) {
    write_block(one, block);
    write_block(other, block + 5);
  }
  write_block(one, 40);  // where the block of 20 was: that of 30 is before it
  const std::int64_t tokens = shape_.grid.tokens(), reference = shape_.grid.tokens_per_frame();
  const at::Tensor keys = one.keys(), values = one.values();
  ASSERT_EQ(keys.size(0), sink_ + 2 * tokens);
  const auto part = [](const at::Tensor& x, std::int64_t first, std::int64_t count) {
    return x.narrow(0, first, count);
  };
  const std::int64_t motion = sink_ - reference;
  EXPECT_LT(relative_error(part(keys, reference, motion), part(numbers(sink_, 1), reference, motion)), 0.04);
  EXPECT_LT(relative_error(part(values, 0, sink_), numbers(sink_, 2)), 0.04);
  EXPECT_LT(relative_error(part(keys, sink_, tokens), numbers(tokens, 30)), 0.04);
  EXPECT_LT(relative_error(part(values, sink_, tokens), numbers(tokens, 31)), 0.04);
  EXPECT_TRUE(at::equal(part(keys, sink_ + tokens, tokens), numbers(tokens, 40)));  // the newest as it was
  EXPECT_TRUE(at::equal(part(values, sink_ + tokens, tokens), numbers(tokens, 41)));
}

TEST_F(LayerCacheInFp8, RoundsTheReferenceOnceWhereverItMoves) {
  LayerCache cache = this->cache();
  write_sink(cache, 1);
  const std::int64_t reference = shape_.grid.tokens_per_frame();
  const at::Tensor expected = at::empty({reference, config_.heads, config_.head_dim()});
  rotate_into(expected, numbers(sink_, 1).narrow(0, 0, reference), turn(41));
  write_block(cache, 10);
  const at::Tensor once = cache.keys().narrow(0, 0, reference).clone();
  EXPECT_LT(relative_error(once, expected), 0.04);
  for (const std::uint64_t block : {20, 30, 40}) write_block(cache, block);
  EXPECT_TRUE(at::equal(cache.keys().narrow(0, 0, reference), once));
}

TEST_F(LayerCacheInFp8, ASharedSinkIsTheOthers) {
  LayerCache one = cache(), other = cache();
  write_sink(one, 1);
  other.share_sink(one);
  write_block(one, 10);
  const at::Tensor keys = one.keys().clone(), values = one.values().clone();
  write_block(other, 10);
  EXPECT_TRUE(at::equal(other.keys(), keys));
  EXPECT_TRUE(at::equal(other.values(), values));
}

TEST_F(LayerCacheInFp8, CountsAByteANumberAndAScaleAToken) {
  const LayerCache cache = this->cache();
  EXPECT_EQ(cache.window_bytes() + cache.sink_bytes(), 2 * shape_.tokens() * (config_.dim + 4));
  EXPECT_EQ(cache.reference_bytes(), 0);
}

}  // namespace
}  // namespace longtake
