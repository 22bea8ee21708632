#pragma once

#include <filesystem>
#include <memory>

#include "rank/engine/weights/weight_source.h"

namespace longtake {

/// A file of torch.save (.pth, .bin: a zip archive of a pickle and one uncompressed record per storage)
/// that holds a flat dictionary of tensors. The records are mapped, not read. Throws Error{InvalidInput}
/// naming file and tensor when the archive is torn or a record is missing or shorter than its tensor.
std::unique_ptr<WeightSource> open_pth(const std::filesystem::path& file);

}  // namespace longtake
