#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/safetensors.h"

/// The pickle inside a .pth file, read as data: nothing in it is executed. LibTorch's own unpickler is not
/// enough here: it takes every collections.OrderedDict for a tensor's empty hooks, and that is what
/// module.state_dict() and most published files are; and it reads all tensors into memory.
namespace longtake {

/// A tensor as the pickle describes it.
struct PickledTensor {
  TensorType type = TensorType::F32;
  std::string storage;              ///< the record data/`storage` of the archive
  std::int64_t storage_offset = 0;  ///< of the first value, in elements
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  ///< in elements
};

/// `pickle` is what torch.save makes of a dictionary of tensors (protocols 2 to 5). Throws
/// Error{InvalidInput} beginning with `file` when it is cut short or holds anything else.
std::map<std::string, PickledTensor> read_state_dict_pickle(std::string_view pickle, const std::string& file);

}  // namespace longtake
