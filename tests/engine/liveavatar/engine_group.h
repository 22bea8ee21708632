#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "jobs/layout.h"
#include "rank/engine_process.h"

namespace longtake {

/// Real engines, and what their ranks do for a group: the same order to all but for the stage, and one
/// answer from each.
class EngineGroup {
 public:
  /// Starts engines as they are needed, at most so many.
  EngineGroup(std::filesystem::path program, std::size_t most_engines)
      : program_(std::move(program)), most_engines_(most_engines) {}

  /// Each stage's engine is told, as far as there are so many, to meet the others in `meeting`.
  void order(SegmentOrder wanted, const Layout& layout, const std::filesystem::path& meeting);

  /// Returns when one of them has told of `frames` or more.
  void wait_for_progress(std::int64_t frames);

  /// To all that were ordered and live.
  void cancel();

  /// Tells the one that writes to have ended at once.
  void finish();

  /// The final answer of each that was ordered, by stage; FramesMade from one that died.
  std::vector<EngineReport> answers();

  /// What the writer answered; every other stage must have said that it is done.
  SegmentMade made();

  void kill(int engine);
  /// Another process in its place.
  void replace(int engine);

 private:
  /// Waits for news of any and takes it in, and cancels the others when one failed; false when there is no
  /// news for long.
  bool listen();

  std::filesystem::path program_;
  std::size_t most_engines_;
  std::vector<std::unique_ptr<EngineProcess>> engines_;
  SegmentOrder ordered_;
  std::vector<std::optional<EngineReport>> answers_;  ///< of those that were ordered
  std::int64_t most_frames_ = 0;
  bool is_cancelled_ = false;
};

}  // namespace longtake
