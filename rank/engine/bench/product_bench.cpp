#include "rank/engine/bench/product_bench.h"

#include <cmath>
#include <set>

#include "rank/engine/kernels/product_proposals.h"
#include "rank/engine/kernels/quantize_rows.h"
#include "rank/engine/transformer/linear.h"

// T tokens, I inputs, O outputs
namespace longtake {
namespace {

constexpr std::int64_t kMatrices = 4;  ///< together larger than a GPU's cache
constexpr std::int64_t kWidestTile = 256;
constexpr int kProposals = 8;

struct Shape {
  std::string name;
  std::int64_t inputs = 0, outputs = 0, calls = 0;
  bool with_gelu = false;
};

std::vector<Shape> shapes_of(const TransformerConfig& config, Interval layers) {
  std::int64_t listeners = 0;
  for (std::int64_t layer = layers.begin; layer < layers.end; ++layer) {
    if (config.injector_of(layer)) ++listeners;
  }
  const std::int64_t width = config.dim, inner = config.ffn_dim, count = layers.length();
  return {{"query, key and value", width, 3 * width, count},
          {"query or output", width, width, 3 * count + 2 * listeners},
          {"feed-forward in", width, inner, count, true},
          {"feed-forward out", inner, width, count}};
}

/// The least multiple that is not less.
std::int64_t padded(std::int64_t tokens, std::int64_t step) { return (tokens + step - 1) / step * step; }

class ProductBench {
 public:
  ProductBench(const BenchOptions& options, const Shape& shape, std::int64_t tokens)
      : shape_(shape),
        tokens_(tokens),
        is_fp8_(options.matrices == Precision::Fp8),
        options_(at::TensorOptions(options.precision).device(options.device)),
        x_TI_(rounded_if_fp8(normal(padded(tokens, kWidestTile), 1))),
        out_TO_(at::empty({padded(tokens, kWidestTile), shape.outputs}, options_)) {
    for (std::int64_t i = 0; i < kMatrices; ++i) layers_.push_back(layer());
  }

  TimedWork run() {
    work_ = {shape_.name + ", " + std::to_string(tokens_) + " x " + std::to_string(shape_.inputs) + " x " +
                 std::to_string(shape_.outputs),
             shape_.calls,
             {}};
    time("the engine's", tokens_, [&](std::int64_t call) { multiply(call, 0, tokens_); });
    time_parts();
    std::set<std::int64_t> rows = {padded(tokens_, 128), padded(tokens_, kWidestTile)};
    rows.erase(tokens_);
    for (const std::int64_t count : rows) {
      time("padded to " + std::to_string(count) + " tokens", tokens_,
           [&](std::int64_t call) { multiply(call, 0, count); });
    }
    if (options_.device().is_cuda()) {
      work_.work += ", " + std::to_string(product_workspace_bytes() >> 20) + " MiB to work in";
      time_proposals();
    }
    return std::move(work_);
  }

 private:
  at::Tensor normal(std::int64_t rows, double scale) const {
    return at::randn({rows, shape_.inputs}, options_).mul_(scale);
  }

  LinearInput rounded_if_fp8(const at::Tensor& x) const {
    return is_fp8_ ? LinearInput(quantize_rows(x)) : LinearInput(x);
  }

  Linear layer() const {
    const LinearInput weight =
        rounded_if_fp8(normal(shape_.outputs, 1 / std::sqrt(static_cast<double>(shape_.inputs))));
    const at::Tensor bias_O = at::randn({shape_.outputs}, options_);
    if (const auto* rows = std::get_if<E4m3Rows>(&weight)) return {rows->bits_TI, bias_O, rows->scale_T};
    return {std::get<at::Tensor>(weight), bias_O};
  }

  /// Calls in a row read different matrices.
  const Linear& layer_of(std::int64_t call) const {
    return layers_[static_cast<std::size_t>(call % kMatrices)];
  }

  LinearInput some_of_x(std::int64_t first, std::int64_t count) const {
    const auto* const rows = std::get_if<E4m3Rows>(&x_TI_);
    if (rows == nullptr) return std::get<at::Tensor>(x_TI_).narrow(0, first, count);
    return E4m3Rows{rows->bits_TI.narrow(0, first, count), rows->scale_T.narrow(0, first, count)};
  }

  /// Some of the tokens, as the engine does.
  void multiply(std::int64_t call, std::int64_t first, std::int64_t count) const {
    at::Tensor out_TO = out_TO_.narrow(0, first, count);
    const LinearInput x_TI = some_of_x(first, count);
    const Linear& layer = layer_of(call);
    if (!joins_gelu()) return layer.into(out_TO, x_TI);
    at::_addmm_activation_out(out_TO, layer.bias_O, std::get<at::Tensor>(x_TI), layer.weight_OI.t(),
                              /*beta=*/1,
                              /*alpha=*/1, /*use_gelu=*/true);
  }

  bool joins_gelu() const { return shape_.with_gelu && !is_fp8_ && options_.device().is_cuda(); }

  /// Whole tiles, then the rest: a last wave with little in it takes as long as a full one.
  void time_parts() {
    const std::int64_t whole = tokens_ / kWidestTile * kWidestTile, rest = tokens_ - whole;
    if (whole == 0 || rest == 0) return;
    const std::string names[] = {std::to_string(whole) + " tokens", std::to_string(rest) + " tokens"};
    time(names[0] + ", then " + names[1], tokens_, [&](std::int64_t call) {
      multiply(call, 0, whole);
      multiply(call, whole, rest);
    });
    time(names[0] + " only", whole, [&](std::int64_t call) { multiply(call, 0, whole); });
    time(names[1] + " only", rest, [&](std::int64_t call) { multiply(call, whole, rest); });
  }

  AskedProduct asked() const {
    const Linear& layer = layers_.front();
    const at::Tensor out_TO = out_TO_.narrow(0, 0, tokens_);
    const LinearInput x_TI = some_of_x(0, tokens_);
    if (const auto* rows = std::get_if<E4m3Rows>(&x_TI)) {
      return {out_TO, rows->bits_TI, layer.weight_OI, layer.bias_O, false, rows->scale_T, layer.scale_O};
    }
    return {out_TO, std::get<at::Tensor>(x_TI), layer.weight_OI, layer.bias_O, joins_gelu()};
  }

  void time_proposals() {
    const ProductProposals proposals(asked(), product_workspace_bytes(), kProposals);
    for (std::size_t i = 0; i < proposals.size(); ++i) {
      if (!proposals.compute(i, layers_.front().weight_OI)) continue;
      time("proposal " + std::to_string(i + 1) + ": " + proposals.text_of(i), tokens_,
           [&](std::int64_t call) { proposals.compute(i, layer_of(call).weight_OI); });
    }
  }

  void time(const std::string& way, std::int64_t tokens, const std::function<void(std::int64_t)>& work) {
    const double ms = ms_of_call(options_.device(), work);
    const double flop = 2.0 * static_cast<double>(tokens) * static_cast<double>(shape_.inputs) *
                        static_cast<double>(shape_.outputs);
    work_.ways.push_back({way, ms, flop / ms / 1e9});
  }

  Shape shape_;
  std::int64_t tokens_;
  bool is_fp8_;
  at::TensorOptions options_;
  LinearInput x_TI_;
  at::Tensor out_TO_;
  std::vector<Linear> layers_;
  TimedWork work_;
};

}  // namespace

std::vector<TimedWork> bench_products(const BenchOptions& options, const TransformerConfig& config,
                                      const ClipShape& clip, Interval layers) {
  std::vector<TimedWork> works;
  for (const Shape& shape : shapes_of(config, layers)) {
    works.push_back(ProductBench(options, shape, clip.block_grid().tokens()).run());
  }
  return works;
}

}  // namespace longtake
