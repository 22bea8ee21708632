#include "jobs/engine_device.h"

#include <charconv>
#include <string_view>

#include "jobs/error.h"

namespace longtake {
namespace {

constexpr std::string_view kCpu = "cpu", kGpu = "gpu";

[[noreturn]] void refuse(const char* variable, const std::string& wanted, std::string_view given) {
  throw Error(ErrorKind::InvalidInput,
              std::string(variable) + " must be " + wanted + ", got '" + std::string(given) + "'");
}

std::int64_t bytes_from(std::string_view text) {
  std::int64_t bytes = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (is_number && bytes >= 0) return bytes;
  refuse(kEngineMemoryVariable, "a number of bytes, or 0 for no limit", text);
}

}  // namespace

std::map<std::string, std::string> variables_for(const EngineDevice& device) {
  return {{kEngineDeviceVariable, std::string(device.kind == DeviceKind::Gpu ? kGpu : kCpu)},
          {kEngineMemoryVariable, std::to_string(device.memory_bytes)}};
}

EngineDevice engine_device_from(const char* device, const char* memory_bytes) {
  const std::string_view word = device == nullptr ? kCpu : device;
  if (word != kCpu && word != kGpu) refuse(kEngineDeviceVariable, "cpu or gpu", word);
  return {word == kGpu ? DeviceKind::Gpu : DeviceKind::Cpu,
          memory_bytes == nullptr ? 0 : bytes_from(memory_bytes)};
}

}  // namespace longtake
