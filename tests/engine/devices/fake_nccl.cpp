// An NCCL for tests, as a shared library: it does at the end of a group what was asked for within it. The
// variable LONGTAKE_FAKE_NCCL makes it misbehave: "refuses" to connect, "loses" what one place adds.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

struct Place {
  int number;
};
struct Transfer {
  Place* place;
  const float* from;
  float* to;
  std::size_t count;
  int peer;
};

constexpr int kFloat = 7;
constexpr int kInvalidArgument = 4;
constexpr int kSystemError = 2;

std::vector<Transfer> sums, sends, receives;

bool is_told_to(const std::string& deed) {
  const char* told = std::getenv("LONGTAKE_FAKE_NCCL");
  return told != nullptr && deed == told;
}

void add_up() {
  for (const Transfer& target : sums) std::memset(target.to, 0, target.count * sizeof(float));
  for (const Transfer& source : sums) {
    if (is_told_to("loses") && source.place->number == 1) continue;
    for (const Transfer& target : sums) {
      for (std::size_t i = 0; i < source.count; ++i) target.to[i] += source.from[i];
    }
  }
}

void deliver() {
  for (const Transfer& receive : receives) {
    for (const Transfer& send : sends) {
      const bool is_meant = send.peer == receive.place->number && send.place->number == receive.peer;
      if (is_meant) std::memcpy(receive.to, send.from, send.count * sizeof(float));
    }
  }
}

}  // namespace

extern "C" {

int ncclGetVersion(int* version) {
  *version = 22105;
  return 0;
}
const char* ncclGetErrorString(int code) {
  return code == kSystemError ? "unhandled system error" : "invalid argument";
}
int ncclCommInitAll(Place** places, int count, const int*) {
  if (is_told_to("refuses")) return kSystemError;
  for (int i = 0; i < count; ++i) places[i] = new Place{i};
  return 0;
}
int ncclCommDestroy(Place* place) {
  delete place;
  return 0;
}
int ncclGroupStart() { return 0; }
int ncclGroupEnd() {
  add_up();
  deliver();
  sums.clear();
  sends.clear();
  receives.clear();
  return 0;
}
int ncclAllReduce(const void* from, void* to, std::size_t count, int type, int operation, Place* place,
                  void*) {
  if (type != kFloat || operation != 0) return kInvalidArgument;
  sums.push_back({place, static_cast<const float*>(from), static_cast<float*>(to), count, 0});
  return 0;
}
int ncclSend(const void* from, std::size_t count, int type, int peer, Place* place, void*) {
  if (type != kFloat) return kInvalidArgument;
  sends.push_back({place, static_cast<const float*>(from), nullptr, count, peer});
  return 0;
}
int ncclRecv(void* to, std::size_t count, int type, int peer, Place* place, void*) {
  if (type != kFloat) return kInvalidArgument;
  receives.push_back({place, nullptr, static_cast<float*>(to), count, peer});
  return 0;
}
}
