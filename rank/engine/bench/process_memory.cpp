#include "rank/engine/bench/process_memory.h"

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

#include <fstream>
#include <string>

namespace longtake {

std::optional<std::int64_t> process_peak_bytes() {
  constexpr std::int64_t kBytesPerKb = 1024;
  std::ifstream status("/proc/self/status");
  std::string key;
  while (status >> key) {
    std::int64_t kilobytes = 0;
    if (key == "VmHWM:" && status >> kilobytes) return kilobytes * kBytesPerKb;
    status.ignore(1 << 10, '\n');
  }
  return std::nullopt;
}

void forget_process_peak() {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
  std::ofstream("/proc/self/clear_refs") << "5";  // proc(5)
}

}  // namespace longtake
