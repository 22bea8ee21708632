#include "rank/engine/devices/own_memory.h"

#include <unistd.h>

namespace longtake {

OwnMemory::OwnMemory(const std::string& pci_address, const std::string& library) {
  try {
    nvml_.emplace(library);
    device_ = nvml_->device(pci_address);
    used_before_ = nvml_->used_bytes(device_);
  } catch (const Error&) {
    nvml_.reset();  // a container without it, or a device that it does not show
  }
}

std::optional<std::int64_t> OwnMemory::beside(std::int64_t tensors) const try {
  if (!nvml_) return std::nullopt;
  // Who has less than the tensors is another process: one of the host that has our number in a container.
  const auto own = nvml_->process_bytes(device_, ::getpid());
  if (own && *own >= tensors) return *own - tensors;
  const std::int64_t since = nvml_->used_bytes(device_) - used_before_;
  return since >= tensors ? std::optional(since - tensors) : std::nullopt;
} catch (const Error&) {
  return std::nullopt;
}

}  // namespace longtake
