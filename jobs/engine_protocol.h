#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "jobs/error.h"
#include "jobs/ids.h"
#include "jobs/segment.h"

/// What a rank and its engine say to each other: JSON objects, one per line, over a socket whose
/// descriptor number is in the engine's environment as LONGTAKE_ENGINE_FD. End of file on either
/// side means that the other one died. The first line an engine sends is EngineStarted; its
/// `protocol` must be kEngineProtocol. docs/formats.md shows every line.
namespace longtake {

inline constexpr int kEngineProtocol = 5;
inline constexpr const char* kEngineDescriptorVariable = "LONGTAKE_ENGINE_FD";

// Orders, rank -> engine.

/// Make this segment. Sent only when the engine is idle.
struct MakeSegment {
  SegmentOrder order;
};
/// Give the running attempt up, remove its partial file, answer SegmentGivenUp. Ignored for another attempt.
struct CancelSegment {
  AttemptId attempt;
};
/// Have ended the running attempt within so many milliseconds, and keep as much of it as can be kept: make
/// the segment whole if there is time; else end it at a clip boundary (SegmentMade, cut), or leave the work
/// that is done in `order.unfinished` (SegmentGivenUp, cancelled). May come again with less time. Ignored for
/// another attempt; an engine may ignore it altogether and is cancelled when the time is over.
struct FinishSegment {
  AttemptId attempt;
  std::int64_t within_ms = 0;
};
/// End the process, exit code 0.
struct QuitEngine {};

using EngineOrder = std::variant<MakeSegment, CancelSegment, FinishSegment, QuitEngine>;

// Reports, engine -> rank.

struct EngineStarted {
  int protocol = kEngineProtocol;
  std::string engine;   ///< "slate", "liveavatar"
  std::string version;  ///< changes whenever the engine's pixels may change
};
/// So much of the attempt's work is done, told in frames of the segment. A sign of life: also sent when
/// the number has not grown.
struct FramesMade {
  AttemptId attempt;
  std::int64_t frames = 0;
};
/// The segment and its carry are complete, durable and under their final names.
struct SegmentMade {
  AttemptId attempt;
  SegmentFacts facts;
  EngineWork work;
  /// The clips that it holds, when FinishSegment made them fewer: from the first one ordered on. Its files
  /// have the names of a segment of just these clips. Empty: all that were ordered.
  Interval cut_to{};
};
/// What a stage answers that does not write the segment: its share is done, it is idle again.
struct StageDone {
  AttemptId attempt;
  EngineWork work;
};
/// The attempt failed; the engine is idle again.
struct SegmentGivenUp {
  AttemptId attempt;
  ErrorKind kind = ErrorKind::Bug;
  std::string message;
  bool cancelled = false;  ///< because it was told to, by CancelSegment or FinishSegment
};

using EngineReport = std::variant<EngineStarted, FramesMade, SegmentMade, StageDone, SegmentGivenUp>;

/// One line, without the newline.
std::string encode(const EngineOrder& order);
std::string encode(const EngineReport& report);

/// Throw Error{InvalidInput} naming the line when it is not a message of this protocol.
EngineOrder decode_engine_order(std::string_view line);
EngineReport decode_engine_report(std::string_view line);

}  // namespace longtake
