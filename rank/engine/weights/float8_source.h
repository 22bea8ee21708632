#pragma once

#include <memory>

#include "rank/engine/weights/weight_source.h"

namespace longtake {

/// A source whose eight-bit floats are multiplied with the scales that fp8 checkpoints keep beside them:
/// X.weight with X.weight_scale (compressed-tensors, LightX2V, newer ComfyUI), X.scale_weight (ComfyUI, with
/// a marker "scaled_fp8") or X.scale; one number, or one per row. The scales, and what such files say of
/// inputs (X.input_scale, X.scale_input, X.comfy_quant), are not among its names. Tensors in other types pass
/// as they are. Throws Error{InvalidInput} naming file and tensor for a scale of another shape.
std::unique_ptr<WeightSource> float8_source(std::unique_ptr<const WeightSource> stored);

}  // namespace longtake
