#include "rank/engine/transformer/linear.h"

#include <vector>

#include "rank/engine/kernels/activation.h"
#include "rank/engine/kernels/scaled_product.h"
#include "rank/engine/product_tiles.h"
#include "rank/engine/transformer/eight_bit_matrix.h"

namespace longtake {

at::Tensor Linear::operator()(const at::Tensor& x_TI) const {
  const at::Tensor out_TO = at::empty({x_TI.size(0), bias_O.size(0)}, x_TI.options());
  into(out_TO, x_TI);
  return out_TO;
}

void Linear::into(const at::Tensor& out_TO, const LinearInput& input) const {
  if (const auto* rounded = std::get_if<E4m3Rows>(&input)) {
    return scaled_product_into(out_TO, *rounded, {weight_OI, scale_O}, bias_O);
  }
  const at::Tensor& x_TI = std::get<at::Tensor>(input);
  if (scale_O.defined()) return eight_bit_product_into(out_TO, x_TI, {weight_OI, scale_O}, bias_O);
  if (!x_TI.device().is_cpu()) {
    at::Tensor out = out_TO;
    at::addmm_out(out, bias_O, x_TI, weight_OI.t());
    return;
  }
  for_product_tiles(out_TO, /*device_outputs=*/out_TO.size(1), [&](const ProductTile& tile) {
    at::Tensor out = tile.of(out_TO);
    at::addmm_out(out, tile.outputs_of(bias_O), tile.tokens_of(x_TI), tile.outputs_of(weight_OI).t());
  });
}

Linear Linear::outputs(std::int64_t first, std::int64_t count) const {
  const auto of = [&](const at::Tensor& all) { return all.defined() ? all.narrow(0, first, count) : all; };
  return {of(weight_OI), of(bias_O), of(scale_O)};
}

void two_layers_into(const at::Tensor& out_TO, const at::Tensor& inner_TN, const LinearInput& x_TI,
                     const Linear& first, const Linear& second) {
  if (second.scale_O.defined()) {
    first.into(inner_TN, x_TI);
    eight_bit_product_into(out_TO, inner_TN, {second.weight_OI, second.scale_O}, second.bias_O,
                           RowFunction::Gelu);
    return;
  }
  if (out_TO.is_cuda()) {
    at::Tensor inner = inner_TN;
    at::_addmm_activation_out(inner, first.bias_O, std::get<at::Tensor>(x_TI), first.weight_OI.t(),
                              /*beta=*/1, /*alpha=*/1,
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
