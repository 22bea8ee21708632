#include "rank/engine/bench/attention_bench.h"

#include <algorithm>
#include <cmath>

#include "rank/engine/transformer/fused_attention.h"

// B parts with keys of their own, L queries, S keys, H heads, K head width
namespace longtake {

#ifdef LONGTAKE_CUDA

namespace {

constexpr std::int64_t kTile = 128;
constexpr std::int64_t kParts = 3;  ///< of the keys, for queries that are too few to fill a GPU

at::Tensor heads_first(const at::Tensor& x_BLHK) { return x_BLHK.transpose(1, 2); }

void cudnn(const at::Tensor& q_BHLK, const at::Tensor& k_BHSK, const at::Tensor& v_BHSK, bool with_sums) {
  at::_scaled_dot_product_cudnn_attention(q_BHLK, k_BHSK, v_BHSK, std::nullopt, with_sums);
}

class AttentionBench {
 public:
  AttentionBench(const at::TensorOptions& options, const TransformerConfig& config, std::int64_t queries,
                 std::int64_t keys)
      : queries_(queries),
        keys_(keys),
        width_(config.dim),
        query_BLHK_(tokens(padded(queries), config, options)),
        key_BSHK_(tokens(padded(keys), config, options)),
        value_BSHK_(tokens(padded(keys), config, options)) {}

  TimedWork run(std::int64_t calls) {
    work_ = {"attention of " + std::to_string(queries_) + " queries to " + std::to_string(keys_) + " keys",
             calls,
             {}};
    time("the engine's", queries_, keys_,
         [&] { fused_attention(queries(0, queries_), keys(keys_), values(keys_)); });
    time("the engine's, whole tiles of queries", whole(queries_), keys_,
         [&] { fused_attention(queries(0, whole(queries_)), keys(keys_), values(keys_)); });
    time("in one call", queries_, keys_, [&] {
      cudnn(heads_first(queries(0, queries_)), heads_first(keys(keys_)), heads_first(values(keys_)), false);
    });
    time_head_major();
    time_other_numbers();
    time_rest();
    time("LibTorch's flash attention", queries_, keys_, [&] {
      at::_scaled_dot_product_flash_attention(heads_first(queries(0, queries_)), heads_first(keys(keys_)),
                                              heads_first(values(keys_)));
    });
    return std::move(work_);
  }

 private:
  static std::int64_t whole(std::int64_t tokens) { return tokens / kTile * kTile; }
  static std::int64_t padded(std::int64_t tokens) { return whole(tokens + kTile - 1); }

  static at::Tensor tokens(std::int64_t count, const TransformerConfig& config,
                           const at::TensorOptions& options) {
    return at::randn({1, count, config.heads, config.head_dim()}, options);
  }

  at::Tensor queries(std::int64_t first, std::int64_t count) const {
    return query_BLHK_.narrow(1, first, count);
  }
  at::Tensor keys(std::int64_t count) const { return key_BSHK_.narrow(1, 0, count); }
  at::Tensor values(std::int64_t count) const { return value_BSHK_.narrow(1, 0, count); }

  void time_head_major() {
    const at::Tensor q_BHLK = heads_first(queries(0, queries_)).contiguous();
    const at::Tensor k_BHSK = heads_first(keys(keys_)).contiguous();
    const at::Tensor v_BHSK = heads_first(values(keys_)).contiguous();
    time("each head in one piece", queries_, keys_, [&] { cudnn(q_BHLK, k_BHSK, v_BHSK, false); });
  }

  /// Whole tiles of keys, of queries, of both, fewer and more.
  void time_other_numbers() {
    for (const auto& [asking, seen] : {std::pair(queries_, whole(keys_)), std::pair(queries_, padded(keys_)),
                                       std::pair(whole(queries_), keys_), std::pair(padded(queries_), keys_),
                                       std::pair(whole(queries_), whole(keys_))}) {
      time(std::to_string(asking) + " queries, " + std::to_string(seen) + " keys", asking, seen,
           [&, asking = asking, seen = seen] {
             cudnn(heads_first(queries(0, asking)), heads_first(keys(seen)), heads_first(values(seen)),
                   false);
           });
    }
  }

  /// The queries behind the last whole tile: as they are, and with their keys in parts that would be joined.
  void time_rest() {
    const std::int64_t first = whole(queries_), rest = queries_ - first, part = keys_ / kParts;
    if (rest == 0) return;
    const std::string name = std::to_string(rest) + " queries only";
    time(name, rest, keys_, [&] {
      cudnn(heads_first(queries(first, rest)), heads_first(keys(keys_)), heads_first(values(keys_)), true);
    });
    const auto in_parts = [&](const at::Tensor& x_BSHK) {
      return heads_first(x_BSHK.view({kParts, part, x_BSHK.size(2), x_BSHK.size(3)}));
    };
    const at::Tensor query_BLHK = queries(first, rest).repeat({kParts, 1, 1, 1});
    time(name + ", keys in " + std::to_string(kParts) + " parts", rest, part * kParts, [&] {
      cudnn(heads_first(query_BLHK), in_parts(keys(part * kParts)), in_parts(values(part * kParts)), true);
    });
  }

  void time(const std::string& way, std::int64_t queries, std::int64_t keys,
            const std::function<void()>& work) {
    const double ms = ms_of_call(query_BLHK_.device(), [&](std::int64_t) { work(); });
    const auto needed =
        static_cast<double>(std::min(queries, queries_)) * static_cast<double>(std::min(keys, keys_));
    const double flop = 4.0 * needed * static_cast<double>(width_);
    work_.ways.push_back({way, ms, flop / ms / 1e9});
  }

  std::int64_t queries_, keys_, width_;
  at::Tensor query_BLHK_, key_BSHK_, value_BSHK_;
  TimedWork work_;
};

}  // namespace

std::optional<TimedWork> bench_attention(const BenchOptions& options, const TransformerConfig& config,
                                         const ClipShape& clip, Interval layers) {
  if (options.device.is_cpu() || options.precision == at::kFloat) return std::nullopt;
  const TokenGrid grid = clip.block_grid();
  const std::int64_t keys = sink_tokens(grid) + clip.blocks * grid.tokens();
  return AttentionBench(at::TensorOptions(options.precision).device(options.device), config, grid.tokens(),
                        keys)
      .run(layers.length());
}

#else

std::optional<TimedWork> bench_attention(const BenchOptions&, const TransformerConfig&, const ClipShape&,
                                         Interval) {
  return std::nullopt;
}

#endif

}  // namespace longtake
