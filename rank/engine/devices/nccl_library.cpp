#include "rank/engine/devices/nccl_library.h"

#include <cstdint>

namespace longtake {
namespace {

// nccl.h: ncclFloat32, ncclSum.
constexpr int kFloat = 7;
constexpr int kSum = 0;

void* pointer_of(CudaAddress address) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(address));
}

}  // namespace

NcclLibrary::NcclLibrary(const std::string& library) : library_(library) {
  library_.find("ncclGetVersion", version_);
  library_.find("ncclGetErrorString", error_text_);
  library_.find("ncclCommInitAll", connect_);
  library_.find("ncclCommDestroy", disconnect_);
  library_.find("ncclGroupStart", begin_group_);
  library_.find("ncclGroupEnd", end_group_);
  library_.find("ncclAllReduce", all_reduce_);
  library_.find("ncclSend", send_);
  library_.find("ncclRecv", receive_);
}

void NcclLibrary::check(int code, const std::string& doing) const {
  if (code != 0) throw Error(ErrorKind::DeviceLost, "NCCL cannot " + doing + ": " + error_text_(code));
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

void NcclLibrary::begin_group() const { check(begin_group_(), "begin a group of transfers"); }

void NcclLibrary::end_group() const { check(end_group_(), "start a group of transfers"); }

void NcclLibrary::all_reduce(NcclPlace* place, CudaAddress from, CudaAddress to, std::size_t count,
                             CudaStream* stream) const {
  check(all_reduce_(pointer_of(from), pointer_of(to), count, kFloat, kSum, place, stream), "all-reduce");
}

void NcclLibrary::send(NcclPlace* place, int to_place, CudaAddress from, std::size_t count,
                       CudaStream* stream) const {
  check(send_(pointer_of(from), count, kFloat, to_place, place, stream), "send");
}

void NcclLibrary::receive(NcclPlace* place, int from_place, CudaAddress to, std::size_t count,
                          CudaStream* stream) const {
  check(receive_(pointer_of(to), count, kFloat, from_place, place, stream), "receive");
}

}  // namespace longtake
