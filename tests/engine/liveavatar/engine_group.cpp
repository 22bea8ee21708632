#include "tests/engine/liveavatar/engine_group.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>

namespace longtake {
namespace {

constexpr int kPatience_ms = 120'000;  // only for tests that fail

}  // namespace

void EngineGroup::order(SegmentOrder wanted, const Layout& layout, const std::filesystem::path& meeting) {
  wanted.share.layout = layout;
  wanted.share.meeting = meeting;
  ordered_ = wanted;
  is_cancelled_ = false;
  const std::size_t told = std::min(most_engines_, layout.stages.size());
  while (engines_.size() < told) engines_.push_back(std::make_unique<EngineProcess>(program_, ""));
  answers_.assign(told, std::nullopt);
  most_frames_ = 0;
  is_cancelled_ = false;
  for (std::size_t stage = 0; stage < told; ++stage) {
    wanted.share.stage = static_cast<int>(stage);
    engines_[stage]->send(MakeSegment{wanted});
  }
}

bool EngineGroup::listen() {
  std::vector<pollfd> lines;
  for (std::size_t i = 0; i < answers_.size(); ++i) {
    lines.push_back({answers_[i] ? -1 : engines_[i]->descriptor(), POLLIN, 0});
  }
  if (::poll(lines.data(), lines.size(), kPatience_ms) < 1) return false;
  for (std::size_t i = 0; i < answers_.size(); ++i) {
    if (answers_[i]) continue;
    for (const EngineReport& report : engines_[i]->receive()) {
      if (const auto* progress = std::get_if<FramesMade>(&report)) {
        most_frames_ = std::max(most_frames_, progress->frames);
      } else if (!std::holds_alternative<EngineStarted>(report)) {
        answers_[i] = report;
      }
    }
    if (!answers_[i] && engines_[i]->death()) answers_[i] = FramesMade{};
  }
  const auto has_failed = [](const auto& answer) {
    return answer && !std::holds_alternative<SegmentMade>(*answer) &&
           !std::holds_alternative<StageDone>(*answer);
  };
  if (std::any_of(answers_.begin(), answers_.end(), has_failed)) cancel();
  return true;
}

void EngineGroup::wait_for_progress(std::int64_t frames) {
  while (most_frames_ < frames) {
    ASSERT_TRUE(listen()) << "no engine came to " << frames << " frames";
  }
}

void EngineGroup::cancel() {
  if (is_cancelled_) return;
  is_cancelled_ = true;
  for (std::size_t i = 0; i < answers_.size(); ++i) {
    if (!answers_[i]) engines_[i]->send(CancelSegment{ordered_.attempt});
  }
}

void EngineGroup::finish() {
  if (!answers_.back()) engines_[answers_.size() - 1]->send(FinishSegment{ordered_.attempt, 0});
}

std::vector<EngineReport> EngineGroup::answers() {
  const auto is_missing = [](const auto& answer) { return !answer; };
  while (std::any_of(answers_.begin(), answers_.end(), is_missing)) {
    if (listen()) continue;
    ADD_FAILURE() << "an engine does not answer";
    break;
  }
  std::vector<EngineReport> all;
  for (const auto& answer : answers_) all.push_back(answer.value_or(FramesMade{}));
  return all;
}

SegmentMade EngineGroup::made() {
  const std::vector<EngineReport> all = answers();
  for (std::size_t stage = 0; stage + 1 < all.size(); ++stage) {
    EXPECT_TRUE(std::holds_alternative<StageDone>(all[stage])) << encode(all[stage]);
  }
  const auto* segment = std::get_if<SegmentMade>(&all.back());
  EXPECT_NE(segment, nullptr) << encode(all.back());
  return segment == nullptr ? SegmentMade{} : *segment;
}

void EngineGroup::kill(int engine) { ::kill(engines_.at(static_cast<std::size_t>(engine))->pid(), SIGKILL); }

void EngineGroup::replace(int engine) {
  engines_.at(static_cast<std::size_t>(engine)) = std::make_unique<EngineProcess>(program_, "");
}

}  // namespace longtake
