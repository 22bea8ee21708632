#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace longtake {

/// Which GPUs, as indices into `uuids` and in this order, a CUDA program sees. `uuids`: all GPUs of the
/// host ("GPU-8932f937-..."). `variable`: CUDA_VISIBLE_DEVICES, nullopt when it is not set. As in the
/// CUDA C++ Programming Guide ("CUDA environment variables"): entries are indices or beginnings of
/// UUIDs that fit one GPU only, and the list ends before the first entry that is invalid or repeated.
/// MIG instances are not GPUs of ours: such an entry ends the list.
std::vector<int> visible_gpus(const std::optional<std::string>& variable,
                              const std::vector<std::string>& uuids);

/// The variables with which a CUDA program sees the `index`-th of those GPUs only. `variable` as above.
std::map<std::string, std::string> variables_for_gpu(const std::optional<std::string>& variable, int index);

}  // namespace longtake
