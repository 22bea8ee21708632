#include "rank/engine/transformer/linear.h"

#include <vector>

#include "rank/engine/compute_threads.h"
#include "rank/engine/kernels/activation.h"
#include "rank/engine/transformer/eight_bit_matrix.h"

namespace longtake {
namespace {

// Large enough that packing a tile's inputs costs a few percent of its product, small enough to share out.
constexpr std::int64_t kTileTokens = 384;
constexpr std::int64_t kTileOutputs = 512;

}  // namespace

at::Tensor Linear::operator()(const at::Tensor& x_TI) const {
  const at::Tensor out_TO = at::empty({x_TI.size(0), bias_O.size(0)}, x_TI.options());
  into(out_TO, x_TI);
  return out_TO;
}

void Linear::into(const at::Tensor& out_TO, const at::Tensor& x_TI) const {
  if (scale_O.defined()) return eight_bit_product_into(out_TO, x_TI, {weight_OI, scale_O}, bias_O);
  if (!x_TI.device().is_cpu()) {
    at::Tensor out = out_TO;
    at::addmm_out(out, bias_O, x_TI, weight_OI.t());
    return;
  }
  const TileCut tokens(x_TI.size(0), kTileTokens);
  const TileCut outputs(bias_O.size(0), kTileOutputs);
  for_each_tile(x_TI.device(), tokens.count * outputs.count, [&](std::int64_t tile) {
    const std::int64_t row = tile / outputs.count, column = tile % outputs.count;
    const std::int64_t first = outputs.begin(column), width = outputs.size_of(column);
    const at::Tensor x = x_TI.narrow(0, tokens.begin(row), tokens.size_of(row));
    at::Tensor out = out_TO.narrow(0, tokens.begin(row), tokens.size_of(row)).narrow(1, first, width);
    at::addmm_out(out, bias_O.narrow(0, first, width), x, weight_OI.narrow(0, first, width).t());
  });
}

Linear Linear::outputs(std::int64_t first, std::int64_t count) const {
  const auto of = [&](const at::Tensor& all) { return all.defined() ? all.narrow(0, first, count) : all; };
  return {of(weight_OI), of(bias_O), of(scale_O)};
}

void two_layers_into(const at::Tensor& out_TO, const at::Tensor& inner_TN, const at::Tensor& x_TI,
                     const Linear& first, const Linear& second) {
  if (second.scale_O.defined()) {
    first.into(inner_TN, x_TI);
    eight_bit_product_into(out_TO, inner_TN, {second.weight_OI, second.scale_O}, second.bias_O,
                           RowFunction::Gelu);
    return;
  }
  if (x_TI.is_cuda() && !first.scale_O.defined()) {
    at::Tensor inner = inner_TN;
    at::_addmm_activation_out(inner, first.bias_O, x_TI, first.weight_OI.t(), /*beta=*/1, /*alpha=*/1,
                              /*use_gelu=*/true);
  } else {
    first.into(inner_TN, x_TI);
    gelu_(inner_TN);
  }
  second.into(out_TO, inner_TN);
}

Linear joined(const std::vector<Linear>& parts) {
  const auto join = [&](at::Tensor Linear::*member) {
    std::vector<at::Tensor> tensors;
    for (const Linear& part : parts) tensors.push_back(part.*member);
    return tensors.front().defined() ? at::cat(tensors) : at::Tensor();
  };
  return {join(&Linear::weight_OI), join(&Linear::bias_O), join(&Linear::scale_O)};
}

Linear take_linear(const Weights& weights, const std::string& name, std::int64_t inputs, std::int64_t outputs,
                   at::IntArrayRef kernel) {
  std::vector<std::int64_t> shape = {outputs, inputs};
  shape.insert(shape.end(), kernel.begin(), kernel.end());
  return {weights.take(name + ".weight", shape).flatten(1), weights.take(name + ".bias", {outputs})};
}

Linear take_large_linear(const Weights& weights, const std::string& name, std::int64_t inputs,
                         std::int64_t outputs) {
  if (weights.options().precision == Precision::Auto) return take_linear(weights, name, inputs, outputs);
  const EightBitMatrix matrix = take_eight_bit_matrix(weights, name + ".weight", inputs, outputs);
  return {matrix.numbers_OI, weights.take(name + ".bias", {outputs}), matrix.scale_O};
}

}  // namespace longtake
