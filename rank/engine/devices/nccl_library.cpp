#include "rank/engine/devices/nccl_library.h"

#include <climits>
#include <cstdint>

namespace longtake {
namespace {

// nccl.h: ncclFloat32, ncclSum.
constexpr int kFloat = 7;
constexpr int kSum = 0;
constexpr int kInProgress = 7;
// NCCL_CONFIG_UNDEF_INT: NCCL's own choice.
constexpr int kUndefined = INT_MIN;

void* pointer_of(CudaAddress address) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(address));
}

}  // namespace

/// ncclConfig_t as of NCCL 2.17. Newer ones read as much of it as `size` says.
struct NcclLibrary::Config {
  std::size_t size = sizeof(Config);
  unsigned magic = 0xcafebeef;
  unsigned version = 21700;
  int blocking = 0;
  int cluster_blocks = kUndefined;
  int fewest_blocks = kUndefined;
  /// A transfer takes them from what is computed beside it; eight move a hundred gigabytes a second.
  int most_blocks = 8;
  const char* network = nullptr;
};

NcclLibrary::NcclLibrary(const std::string& library) : library_(library) {
  library_.find("ncclGetVersion", version_);
  library_.find("ncclGetErrorString", error_text_);
  library_.find("ncclCommInitAll", connect_);
  library_.find("ncclCommDestroy", disconnect_);
  library_.find("ncclGetUniqueId", make_id_);
  library_.find("ncclCommInitRankConfig", begin_connecting_);
  library_.find("ncclCommGetAsyncError", state_);
  library_.find("ncclCommAbort", abort_);
  library_.find("ncclGetLastError", last_error_);
  library_.find("ncclGroupStart", begin_group_);
  library_.find("ncclGroupEnd", end_group_);
  library_.find("ncclAllReduce", all_reduce_);
  library_.find("ncclSend", send_);
  library_.find("ncclRecv", receive_);
}

void NcclLibrary::check(int code, const std::string& doing) const {
  if (code == 0) return;
  // Of this thread's latest call; empty more often than not.
  const std::string details = last_error_(nullptr);
  throw Error(ErrorKind::DeviceLost, "NCCL cannot " + doing + ": " + error_text_(code) +
                                         (details.empty() ? "" : " (" + details + ")"));
}

/// On a place that does not wait, what was asked for may be under way.
void NcclLibrary::check_started(int code, const std::string& doing) const {
  if (code != kInProgress) check(code, doing);
}

std::string NcclLibrary::version() const {
  int code = 0;
  check(version_(&code), "tell its version");
  // 2708 for 2.7.8; since 2.9 with two digits for the second part, 21805 for 2.18.5.
  const int thousand = code < 10000 ? 1000 : 10000;
  return std::to_string(code / thousand) + "." + std::to_string(code % thousand / 100) + "." +
         std::to_string(code % 100);
}

std::vector<NcclPlace*> NcclLibrary::connect(int devices) const {
  std::vector<NcclPlace*> places(static_cast<std::size_t>(devices));
  check(connect_(places.data(), devices, nullptr), "connect " + std::to_string(devices) + " devices");
  return places;
}

void NcclLibrary::disconnect(NcclPlace* place) const { check(disconnect_(place), "disconnect a device"); }

NcclId NcclLibrary::make_id() const {
  NcclId id{};
  check(make_id_(&id), "make an id to meet under");
  return id;
}

NcclPlace* NcclLibrary::begin_connecting(const NcclId& id, int places, int self) const {
  Config config;
  NcclPlace* place = nullptr;
  check_started(begin_connecting_(&place, places, id, self, &config),
                "connect " + std::to_string(places) + " processes");
  return place;
}

bool NcclLibrary::is_busy(NcclPlace* place) const {
  int state = 0;
  check(state_(place, &state), "tell how a place of a communicator is");
  check_started(state, "go on");
  return state == kInProgress;
}

void NcclLibrary::abort(NcclPlace* place) const { check_started(abort_(place), "abort"); }

void NcclLibrary::begin_group() const { check(begin_group_(), "begin a group of transfers"); }

void NcclLibrary::end_group() const { check(end_group_(), "start a group of transfers"); }

void NcclLibrary::all_reduce(NcclPlace* place, CudaAddress from, CudaAddress to, std::size_t count,
                             CudaStream* stream) const {
  check(all_reduce_(pointer_of(from), pointer_of(to), count, kFloat, kSum, place, stream), "all-reduce");
}

void NcclLibrary::send(NcclPlace* place, int to_place, CudaAddress from, std::size_t count,
                       CudaStream* stream) const {
  check_started(send_(pointer_of(from), count, kFloat, to_place, place, stream), "send");
}

void NcclLibrary::receive(NcclPlace* place, int from_place, CudaAddress to, std::size_t count,
                          CudaStream* stream) const {
  check_started(receive_(pointer_of(to), count, kFloat, from_place, place, stream), "receive");
}

}  // namespace longtake
