#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <utility>

namespace longtake {

/// What a disk can be asked. Neither throws.
struct DiskQuestions {
  /// That the whole file system has for anyone.
  std::function<std::int64_t()> free_bytes;
  /// Whether a file of RoomWatch::kTrial_bytes can be written; it is removed again.
  std::function<bool()> can_write;
};

/// While a disk is full: whether somebody made room. Where the file system had plenty when a write failed, it
/// was a quota, or a fault that passes: of those the free bytes tell nothing, and a file is tried.
class RoomWatch {
 public:
  static constexpr std::int64_t kTrial_bytes = 16 << 20;

  explicit RoomWatch(DiskQuestions disk) : disk_(std::move(disk)) {}

  /// To be called again and again from when the disk was found full; looks only now and then.
  bool has_room_again(std::int64_t now_ms);
  /// The disk is not full.
  void forget() { room_when_full_.reset(); }

 private:
  DiskQuestions disk_;
  std::optional<std::int64_t> room_when_full_;
  std::int64_t looked_ms_ = 0;
  std::int64_t tried_ms_ = 0;
};

/// The questions for the disk of `folder`.
DiskQuestions questions_for(const std::filesystem::path& folder);

}  // namespace longtake
