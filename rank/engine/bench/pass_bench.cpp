#include "rank/engine/bench/pass_bench.h"

#include "rank/engine/kernels/layer_norm.h"
#include "rank/engine/kernels/quantize_rows.h"
#include "rank/engine/kernels/rotary.h"
#include "rank/engine/transformer/rope.h"

// L tokens of a block, D model width, N width of the feed-forward network, H heads, K head width, J pairs of
// a head
namespace longtake {
namespace {

constexpr std::int64_t kCopies = 4;  ///< together larger than a GPU's cache
constexpr std::int64_t kFloatBytes = 4;

class PassBench {
 public:
  PassBench(const BenchOptions& options, const TransformerConfig& config, const ClipShape& clip,
            Interval layers)
      : config_(config),
        is_fp8_(options.matrices == Precision::Fp8),
        options_(at::TensorOptions(options.precision).device(options.device)),
        number_bytes_(static_cast<std::int64_t>(c10::elementSize(options.precision))),
        tokens_(clip.block_grid().tokens()),
        layers_(layers.length()),
        turn_LJ_(rotation_TJ(block_positions(clip.block_grid(), 0), config.head_dim(), options.device)) {
    for (std::int64_t layer = layers.begin; layer < layers.end; ++layer) {
      if (config.injector_of(layer)) ++listeners_;
    }
    for (std::int64_t i = 0; i < kCopies; ++i)
      all_L3D_.push_back(at::randn({tokens_, 3 * config.dim}, options_));
  }

  std::vector<TimedWork> run() {
    time_norms();
    time_turns();
    time_values();
    if (is_fp8_) time_rounding();
    return std::move(works_);
  }

 private:
  /// Of query, key and value.
  at::Tensor part_of(std::int64_t call, std::int64_t part) const {
    return all_L3D_[static_cast<std::size_t>(call % kCopies)].narrow(1, part * config_.dim, config_.dim);
  }

  void time_norms() {
    const auto wide = options_.dtype(at::kFloat);
    const at::Tensor hidden_LD = at::randn({tokens_, config_.dim}, wide),
                     gate_D = at::randn({config_.dim}, wide);
    const LayerNorm norm = {at::ones({config_.dim}, wide), at::zeros({config_.dim}, wide), config_.eps};
    const std::int64_t bytes = 2 * kFloatBytes + number_bytes_ + (is_fp8_ ? 1 : number_bytes_);
    time("gate, sum and norm", 3 * layers_ + listeners_, tokens_ * config_.dim * bytes,
         [&](std::int64_t call) {
           if (is_fp8_) {
             add_then_norm_e4m3(hidden_LD, part_of(call, 0), gate_D, norm);
           } else {
             add_then_norm(hidden_LD, part_of(call, 0), gate_D, norm);
           }
         });
  }

  void time_turns() {
    const at::Tensor out_LHK = at::empty({tokens_, config_.heads, config_.head_dim()}, options_);
    const at::Tensor weight_D = at::ones({config_.dim}, options_);
    const std::int64_t bytes = 2 * number_bytes_ * tokens_ * config_.dim;
    time("norm and turn of queries or keys", 2 * layers_, bytes, [&](std::int64_t call) {
      norm_and_rotate_into(out_LHK, part_of(call, 0), weight_D, config_.eps, turn_LJ_);
    });
    time("norm of queries of text and audio", layers_ + listeners_, bytes,
         [&](std::int64_t call) { rms_norm_(part_of(call, 1), weight_D, config_.eps); });
  }

  void time_values() {
    const at::Tensor kept_LD = at::empty({tokens_, config_.dim}, options_);
    time("values into the cache", layers_, 2 * number_bytes_ * tokens_ * config_.dim,
         [&](std::int64_t call) { kept_LD.copy_(part_of(call, 2)); });
  }

  void time_rounding() {
    const std::int64_t bytes = (number_bytes_ + 1) * tokens_;
    time("rounding of what attention gives", 2 * layers_ + listeners_, bytes * config_.dim,
         [&](std::int64_t call) { quantize_rows(part_of(call, 0)); });
    std::vector<at::Tensor> inner_LN;
    for (std::int64_t i = 0; i < kCopies; ++i)
      inner_LN.push_back(at::randn({tokens_, config_.ffn_dim}, options_));
    time("GELU and rounding", layers_, bytes * config_.ffn_dim, [&](std::int64_t call) {
      quantize_rows(inner_LN[static_cast<std::size_t>(call % kCopies)], RowFunction::Gelu);
    });
  }

  void time(const std::string& work, std::int64_t calls, std::int64_t bytes,
            const std::function<void(std::int64_t)>& pass) {
    const double ms = ms_of_call(options_.device(), pass);
    works_.push_back(
        {work, calls, {{"the engine's", ms, static_cast<double>(bytes) / ms / 1e6}}, RateOf::Bytes});
  }

  TransformerConfig config_;
  bool is_fp8_;
  at::TensorOptions options_;
  std::int64_t number_bytes_, tokens_, layers_, listeners_ = 0;
  at::Tensor turn_LJ_;
  std::vector<at::Tensor> all_L3D_;
  std::vector<TimedWork> works_;
};

}  // namespace

std::vector<TimedWork> bench_passes(const BenchOptions& options, const TransformerConfig& config,
                                    const ClipShape& clip, Interval layers) {
  return PassBench(options, config, clip, layers).run();
}

}  // namespace longtake
