#include "scheduler/room_watch.h"

#include <string>
#include <system_error>

#include "jobs/error.h"
#include "storage/durable_file.h"

namespace longtake {
namespace {

constexpr std::int64_t kLookEvery_ms = 1000;
constexpr std::int64_t kTryEvery_ms = 10'000;
/// So much more room than when the disk was found full means that somebody made room.
constexpr std::int64_t kRoomToGoOn_bytes = 2 << 20;
/// A file system with so much room is not what was full, even if a torn segment was removed meanwhile.
constexpr std::int64_t kPlenty_bytes = 1 << 30;

bool can_write(const std::filesystem::path& file) {
  std::error_code none;
  try {
    write_durably(file, std::string(RoomWatch::kTrial_bytes, '\0'));
    std::filesystem::remove(file, none);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

bool RoomWatch::has_room_again(std::int64_t now_ms) {
  if (!room_when_full_) {
    room_when_full_ = disk_.free_bytes();
    tried_ms_ = now_ms;
  }
  if (now_ms - looked_ms_ < kLookEvery_ms) return false;
  looked_ms_ = now_ms;
  if (disk_.free_bytes() >= *room_when_full_ + kRoomToGoOn_bytes) return true;
  if (*room_when_full_ < kPlenty_bytes || now_ms - tried_ms_ < kTryEvery_ms) return false;
  tried_ms_ = now_ms;
  return disk_.can_write();
}

DiskQuestions questions_for(const std::filesystem::path& folder) {
  const auto free_bytes = [folder] {
    std::error_code error;
    const auto space = std::filesystem::space(folder, error);
    return error ? std::int64_t{0} : static_cast<std::int64_t>(space.available);
  };
  return {free_bytes, [folder] { return can_write(folder / "room-trial"); }};
}

}  // namespace longtake
