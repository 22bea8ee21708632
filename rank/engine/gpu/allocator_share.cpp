#include <algorithm>

#include "jobs/gpu_allowance.h"
#include "rank/engine/gpu/memory_cap.h"

namespace longtake {

std::int64_t allocator_share(std::int64_t process_bytes, bool is_in_group) {
  if (process_bytes <= 0) return 0;
  const std::int64_t beside = kCudaContext_bytes + (is_in_group ? kNccl_bytes : 0);
  return std::max<std::int64_t>(1, process_bytes - beside);  // 0 would be no limit
}

}  // namespace longtake
