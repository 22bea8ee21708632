#include "rank/engine_side/segment_service.h"

#include <algorithm>
#include <new>

#include "jobs/error.h"

namespace longtake {
namespace {

constexpr std::int64_t kReportEvery_frames = 12;
/// The rank wants a sign of life.
constexpr std::chrono::milliseconds kReportEvery{1000};

}  // namespace

void SegmentService::serve() {
  line_.send(introduction_);
  while (!must_quit_) {
    const std::optional<EngineOrder> order = line_.wait();
    if (!order) return;
    std::visit([this](const auto& wanted) { on(wanted); }, *order);
  }
}

void SegmentService::on(const MakeSegment& order) {
  is_cancelled_ = false;
  ends_by_.reset();
  reported_frames_ = 0;
  reported_at_ = std::chrono::steady_clock::now();
  const EngineReport report = make(order.order);
  line_.send(report);
  const bool has_failed = std::holds_alternative<SegmentGivenUp>(report);
  if (has_failed && can_go_on_ && !can_go_on_()) {
    throw Error(ErrorKind::DeviceLost,
                "the device does not compute any more in this process: a new one has to");
  }
}

EngineReport SegmentService::make(const SegmentOrder& order) {
  const auto given_up = [&](ErrorKind kind, const std::string& why) {
    return SegmentGivenUp{order.attempt, kind, why, is_cancelled_};
  };
  try {
    const auto part = maker_(order, [&](std::int64_t made) { return goes_on(order, made); });
    if (part && part->facts) return SegmentMade{order.attempt, *part->facts, part->work, part->cut_to};
    if (part) return StageDone{order.attempt, part->work};
    if (!ends_by_) return given_up(ErrorKind::DeviceLost, "given up as ordered");
    return SegmentGivenUp{order.attempt, ErrorKind::DeviceLost, "ended early as ordered", true};
  } catch (const Error& e) {
    return given_up(e.kind(), e.what());
  } catch (const std::bad_alloc&) {
    return given_up(ErrorKind::OutOfMemory, "no memory left for a segment of " +
                                                std::to_string(order.size.width) + "x" +
                                                std::to_string(order.size.height));
  } catch (const std::exception& e) {
    return given_up(ErrorKind::Bug, e.what());
  }
}

GoOn SegmentService::goes_on(const SegmentOrder& order, std::int64_t frames_made) {
  const auto now = std::chrono::steady_clock::now();
  const bool is_news = frames_made >= reported_frames_ + kReportEvery_frames ||
                       (frames_made == order.frames.length() && frames_made != reported_frames_);
  if (is_news || now - reported_at_ >= kReportEvery) {
    reported_frames_ = frames_made;
    reported_at_ = now;
    line_.send(FramesMade{order.attempt, frames_made});
  }
  hear_while_making(order.attempt);
  const bool is_wanted = !is_cancelled_ && !must_quit_ && !line_.is_at_end();
  if (!ends_by_) return is_wanted;
  return {is_wanted, std::chrono::duration_cast<std::chrono::milliseconds>(*ends_by_ - now)};
}

void SegmentService::hear_while_making(AttemptId attempt) {
  while (const std::optional<EngineOrder> order = line_.poll()) {
    if (std::holds_alternative<QuitEngine>(*order)) must_quit_ = true;
    if (const auto* cancel = std::get_if<CancelSegment>(&*order)) is_cancelled_ |= cancel->attempt == attempt;
    if (const auto* finish = std::get_if<FinishSegment>(&*order)) {
      if (finish->attempt == attempt) end_within(std::chrono::milliseconds(finish->within_ms));
    }
    if (const auto* more = std::get_if<MakeSegment>(&*order)) {
      line_.send(SegmentGivenUp{more->order.attempt, ErrorKind::Bug,
                                "the engine is still making attempt " + std::to_string(attempt.value),
                                false});
    }
  }
}

void SegmentService::end_within(std::chrono::milliseconds time) {
  const auto by = std::chrono::steady_clock::now() + time;
  ends_by_ = ends_by_ ? std::min(*ends_by_, by) : by;
}

}  // namespace longtake
