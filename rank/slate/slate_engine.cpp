#include "rank/slate/slate_engine.h"

#include <new>

#include "jobs/error.h"
#include "rank/slate/segment_maker.h"

namespace longtake {
namespace {

constexpr std::int64_t kReportEvery_frames = 12;

}  // namespace

void SlateEngine::serve() {
  line_.send(EngineStarted{kEngineProtocol, "slate", kSlateVersion});
  while (!must_quit_) {
    const std::optional<EngineOrder> order = line_.wait();
    if (!order) return;
    std::visit([this](const auto& wanted) { on(wanted); }, *order);
  }
}

void SlateEngine::on(const MakeSegment& order) {
  is_cancelled_ = false;
  line_.send(make(order.order));
}

EngineReport SlateEngine::make(const SegmentOrder& order) {
  const auto given_up = [&](ErrorKind kind, const std::string& why) {
    return SegmentGivenUp{order.attempt, kind, why, is_cancelled_};
  };
  try {
    const auto facts =
        make_slate_segment(order, font_, [&](std::int64_t made) { return goes_on(order, made); });
    if (facts) return SegmentMade{order.attempt, *facts};
    return given_up(ErrorKind::DeviceLost, "given up as ordered");
  } catch (const Error& e) {
    return given_up(e.kind(), e.what());
  } catch (const std::bad_alloc&) {
    return given_up(ErrorKind::OutOfMemory, "no memory left for a frame of " +
                                                std::to_string(order.size.width) + "x" +
                                                std::to_string(order.size.height));
  } catch (const std::exception& e) {
    return given_up(ErrorKind::Bug, e.what());
  }
}

bool SlateEngine::goes_on(const SegmentOrder& order, std::int64_t frames_made) {
  if (frames_made % kReportEvery_frames == 0 || frames_made == order.frames.length()) {
    line_.send(FramesMade{order.attempt, frames_made});
  }
  hear_while_making(order.attempt);
  return !is_cancelled_ && !must_quit_ && !line_.is_at_end();
}

void SlateEngine::hear_while_making(AttemptId attempt) {
  while (const std::optional<EngineOrder> order = line_.poll()) {
    if (std::holds_alternative<QuitEngine>(*order)) must_quit_ = true;
    if (const auto* cancel = std::get_if<CancelSegment>(&*order)) is_cancelled_ |= cancel->attempt == attempt;
    if (const auto* more = std::get_if<MakeSegment>(&*order)) {
      line_.send(SegmentGivenUp{more->order.attempt, ErrorKind::Bug,
                                "the slate engine is still making attempt " + std::to_string(attempt.value),
                                false});
    }
  }
}

}  // namespace longtake
