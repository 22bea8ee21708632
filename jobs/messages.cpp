#include "jobs/messages.h"

#include "jobs/tagged_json.h"

namespace longtake {

using nlohmann::json;

void to_json(json& j, const ErrorKind& kind) { j = std::string(name_of(kind)); }
void from_json(const json& j, ErrorKind& kind) { kind = error_kind_from(j.get<std::string>()); }

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RankJoined, hardware)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RankAlive, rank, engine_pid, attempt)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AttemptProgressed, epoch, attempt, rank, frames)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AttemptFinished, epoch, attempt, rank, facts, seconds, peak_bytes, work,
                                   cut_to)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StageFinished, epoch, attempt, rank, stage, seconds, peak_bytes, work)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AttemptFailed, epoch, attempt, rank, kind, message, cancelled, had_segment,
                                   peak_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RankLeft, rank, reason)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GenerateSegment, epoch, engine, order, plain_transport)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CancelAttempt, attempt)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FinishAttempt, attempt, within_ms)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SchedulerAlive, epoch)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DrainAsked, by)

// Messages without a field.
void to_json(json&, const Rejoin&) {}
void from_json(const json&, Rejoin&) {}
void to_json(json&, const LeaveRun&) {}
void from_json(const json&, LeaveRun&) {}
void to_json(json&, const StatusAsked&) {}
void from_json(const json&, StatusAsked&) {}

// clang-format off
template <> struct MessageName<RankJoined> { static constexpr auto value = "rank_joined"; };
template <> struct MessageName<RankAlive> { static constexpr auto value = "rank_alive"; };
template <> struct MessageName<AttemptProgressed> { static constexpr auto value = "attempt_progressed"; };
template <> struct MessageName<AttemptFinished> { static constexpr auto value = "attempt_finished"; };
template <> struct MessageName<StageFinished> { static constexpr auto value = "stage_finished"; };
template <> struct MessageName<AttemptFailed> { static constexpr auto value = "attempt_failed"; };
template <> struct MessageName<RankLeft> { static constexpr auto value = "rank_left"; };
template <> struct MessageName<GenerateSegment> { static constexpr auto value = "generate_segment"; };
template <> struct MessageName<CancelAttempt> { static constexpr auto value = "cancel_attempt"; };
template <> struct MessageName<FinishAttempt> { static constexpr auto value = "finish_attempt"; };
template <> struct MessageName<SchedulerAlive> { static constexpr auto value = "scheduler_alive"; };
template <> struct MessageName<Rejoin> { static constexpr auto value = "rejoin"; };
template <> struct MessageName<LeaveRun> { static constexpr auto value = "leave_run"; };
template <> struct MessageName<StatusAsked> { static constexpr auto value = "status_asked"; };
template <> struct MessageName<DrainAsked> { static constexpr auto value = "drain_asked"; };
// clang-format on

namespace {

template <class Variant>
std::string encode_message(const Variant& message) {
  json j = to_tagged_json(message);
  j["v"] = kMessageVersion;
  return j.dump(-1, ' ', false, json::error_handler_t::replace);
}

template <class Variant>
Variant decode_message(std::string_view text, const char* what) {
  return decode_json(text, what, [&](const json& j) {
    if (j.at("v").get<int>() != kMessageVersion) {
      throw Error(ErrorKind::InvalidInput, std::string(what) + " of version " + j.at("v").dump() +
                                               ", expected " + std::to_string(kMessageVersion));
    }
    Variant message;
    from_tagged_json(j, message);
    return message;
  });
}

}  // namespace

std::string encode(const RankMessage& message) { return encode_message(message); }
std::string encode(const SchedulerMessage& message) { return encode_message(message); }
std::string encode(const WatcherRequest& message) { return encode_message(message); }

RankMessage decode_rank_message(std::string_view text) {
  return decode_message<RankMessage>(text, "a rank's message");
}
SchedulerMessage decode_scheduler_message(std::string_view text) {
  return decode_message<SchedulerMessage>(text, "a scheduler's message");
}
WatcherRequest decode_watcher_request(std::string_view text) {
  return decode_message<WatcherRequest>(text, "a watcher's request");
}

}  // namespace longtake
