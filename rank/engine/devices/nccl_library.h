#pragma once

#include <array>
#include <string>
#include <vector>

#include "rank/engine/devices/cuda_driver.h"

namespace longtake {

/// Opaque handle of NCCL: one device's place in a communicator.
struct NcclPlace;

/// What processes that connect must have in common: one of them makes it and tells the others. It holds the
/// address where they meet.
using NcclId = std::array<char, 128>;

/// NCCL as far as we need it, by the ABI of nccl.h: the one LibTorch has loaded, else one that the loader
/// finds. Every function throws Error{DeviceLost} with NCCL's words.
class NcclLibrary {
 public:
  explicit NcclLibrary(const std::string& library = "libnccl.so.2");

  /// "2.21.5"
  std::string version() const;
  /// A communicator of devices 0 to `devices`-1, all in this process: one place for each.
  std::vector<NcclPlace*> connect(int devices) const;
  void disconnect(NcclPlace* place) const;

  NcclId make_id() const;
  /// Place `self` of a communicator of `places` processes, on the CUDA device in use. NCCL meets the others
  /// on a thread of its own; nothing that is done with this place waits.
  NcclPlace* begin_connecting(const NcclId& id, int places, int self) const;
  /// Whether a place of begin_connecting() is still at what it was asked for last: until it is not, nothing
  /// more may be asked of it, and a transfer is not yet on its stream. Throws what it or another place met.
  bool is_busy(NcclPlace* place) const;
  /// Ends what is under way, on the device too, and gives everything back.
  void abort(NcclPlace* place) const;

  /// What is asked for between them is started together by end_group(), without waiting.
  void begin_group() const;
  void end_group() const;
  /// `count` floats of all places are added up into `to` of each.
  void all_reduce(NcclPlace* place, CudaAddress from, CudaAddress to, std::size_t count,
                  CudaStream* stream) const;
  void send(NcclPlace* place, int to_place, CudaAddress from, std::size_t count, CudaStream* stream) const;
  void receive(NcclPlace* place, int from_place, CudaAddress to, std::size_t count, CudaStream* stream) const;

 private:
  struct Config;

  void check(int code, const std::string& doing) const;
  void check_started(int code, const std::string& doing) const;

  LoadedLibrary library_;
  int (*version_)(int*) = nullptr;
  const char* (*error_text_)(int) = nullptr;
  int (*connect_)(NcclPlace**, int, const int*) = nullptr;
  int (*disconnect_)(NcclPlace*) = nullptr;
  int (*make_id_)(NcclId*) = nullptr;
  int (*begin_connecting_)(NcclPlace**, int, NcclId, int, Config*) = nullptr;
  int (*state_)(NcclPlace*, int*) = nullptr;
  int (*abort_)(NcclPlace*) = nullptr;
  const char* (*last_error_)(NcclPlace*) = nullptr;
  int (*begin_group_)() = nullptr;
  int (*end_group_)() = nullptr;
  int (*all_reduce_)(const void*, void*, std::size_t, int, int, NcclPlace*, CudaStream*) = nullptr;
  int (*send_)(const void*, std::size_t, int, int, NcclPlace*, CudaStream*) = nullptr;
  int (*receive_)(void*, std::size_t, int, int, NcclPlace*, CudaStream*) = nullptr;
};

}  // namespace longtake
