// An NCCL for tests, as a shared library, on the memory of the host. Places of one process do at the end of a
// group what was asked for within it. Places that meet under an id may be of several threads: what is sent
// waits until it is received, and whoever receives is busy until then. The variable LONGTAKE_FAKE_NCCL makes
// it misbehave: "refuses" to connect, "never connects", "loses" what is sent; with what is no larger than
// kSmall, after all went well with larger things, "loses small" and "keeps small".
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace {

/// Where two places find each other.
struct Meeting {
  int come = 0;
  bool is_aborted = false;
  std::deque<std::vector<float>> under_way;
};
struct Wanted {
  float* to;
  std::size_t count;
};
struct Place {
  int number;
  Meeting* meeting = nullptr;  ///< none for a place of a process that has all of them
  std::optional<Wanted> wanted;
};
struct Transfer {
  Place* place;
  const float* from;
  float* to;
  std::size_t count;
  int peer;
};
struct Id {
  char letters[128];
};

constexpr int kFloat = 7;
constexpr int kSystemError = 2;
constexpr int kInvalidArgument = 4;
constexpr int kInvalidUsage = 5;
constexpr int kRemoteError = 6;
constexpr int kInProgress = 7;

constexpr std::size_t kSmall = 1000;

std::vector<Transfer> sums, sends, receives;
std::mutex mutex;  // of what follows
std::map<std::string, Meeting> meetings;
int ids = 0;

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

/// As ncclCommGetAsyncError. Under the mutex.
int state_of(Place* place) {
  Meeting& meeting = *place->meeting;
  if (meeting.is_aborted) return kRemoteError;
  if (meeting.come < 2 || is_told_to("never connects")) return kInProgress;
  if (!place->wanted) return 0;
  if (meeting.under_way.empty()) return kInProgress;
  const std::vector<float> numbers = meeting.under_way.front();
  meeting.under_way.pop_front();
  if (numbers.size() != place->wanted->count) return kInvalidArgument;
  std::memcpy(place->wanted->to, numbers.data(), numbers.size() * sizeof(float));
  place->wanted.reset();
  return 0;
}

int send_to_meeting(Place* place, const float* from, std::size_t count) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (state_of(place) != 0) return kInvalidUsage;
  const bool is_small = count <= kSmall;
  if (is_small && is_told_to("keeps small")) return kInProgress;
  std::vector<float> numbers(from, from + count);
  if (is_told_to("loses") || (is_small && is_told_to("loses small"))) numbers.assign(count, 0);
  place->meeting->under_way.push_back(numbers);
  return kInProgress;
}

int receive_at_meeting(Place* place, float* to, std::size_t count) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (state_of(place) != 0) return kInvalidUsage;
  place->wanted = Wanted{to, count};
  return kInProgress;
}

}  // namespace

extern "C" {

int ncclGetVersion(int* version) {
  *version = 22105;
  return 0;
}
const char* ncclGetErrorString(int code) {
  switch (code) {
    case kSystemError:
      return "unhandled system error";
    case kInvalidUsage:
      return "invalid usage";
    case kRemoteError:
      return "remote process exited or there was a network error";
    default:
      return "invalid argument";
  }
}
const char* ncclGetLastError(Place*) { return ""; }
int ncclCommInitAll(Place** places, int count, const int*) {
  if (is_told_to("refuses")) return kSystemError;
  for (int i = 0; i < count; ++i) places[i] = new Place{i, nullptr, {}};
  return 0;
}
int ncclGetUniqueId(Id* id) {
  const std::lock_guard<std::mutex> lock(mutex);
  std::memset(id->letters, 0, sizeof(id->letters));
  std::strcpy(id->letters, ("meeting " + std::to_string(++ids)).c_str());
  // As NCCL's own: not a text.
  id->letters[127] = '\xfe';
  return 0;
}
int ncclCommInitRankConfig(Place** place, int, Id id, int number, void*) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (is_told_to("refuses")) return kSystemError;
  Meeting& meeting = meetings[std::string(id.letters, sizeof(id.letters))];
  ++meeting.come;
  *place = new Place{number, &meeting, {}};
  return kInProgress;
}
int ncclCommGetAsyncError(Place* place, int* state) {
  const std::lock_guard<std::mutex> lock(mutex);
  *state = state_of(place);
  return 0;
}
int ncclCommAbort(Place* place) {
  const std::lock_guard<std::mutex> lock(mutex);
  place->meeting->is_aborted = true;
  delete place;
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
  if (place->meeting != nullptr) return send_to_meeting(place, static_cast<const float*>(from), count);
  sends.push_back({place, static_cast<const float*>(from), nullptr, count, peer});
  return 0;
}
int ncclRecv(void* to, std::size_t count, int type, int peer, Place* place, void*) {
  if (type != kFloat) return kInvalidArgument;
  if (place->meeting != nullptr) return receive_at_meeting(place, static_cast<float*>(to), count);
  receives.push_back({place, nullptr, static_cast<float*>(to), count, peer});
  return 0;
}
}
