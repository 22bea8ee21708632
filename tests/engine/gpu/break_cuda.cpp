#include <ATen/ATen.h>

#include "rank/engine/gpu/device_failure.h"
#include "rank/engine/gpu/device_memory.h"

namespace longtake {
namespace {

at::Device gpu() { return {at::kCUDA, 0}; }

/// Reads far outside a tensor, in a kernel: CUDA of this process is broken for ever.
void break_cuda() {
  const auto options = at::TensorOptions(at::kFloat).device(gpu());
  const at::Tensor index = at::full({1}, 1 << 30, options.dtype(at::kLong));
  at::index_select(at::zeros({4}, options), 0, index).sum().item();
}

}  // namespace
}  // namespace longtake

/// Exit code 0 when the failure has the kind that it should have and is known to last; with a gigabyte in
/// use.
int main() {
  using namespace longtake;
  try {
    const at::Tensor gigabyte = at::zeros({1 << 28}, at::TensorOptions(at::kFloat).device(gpu()));
    if (!can_compute(gpu())) return 1;
    break_cuda();
    return 2;
  } catch (const c10::Error& e) {
    if (kind_of(e) != ErrorKind::DeviceLost) return 3;
    if (!device_memory(gpu())) return 4;  // can still be asked
    std::_Exit(can_compute(gpu()) ? 5 : 0);
  }
}
