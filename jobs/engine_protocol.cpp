#include "jobs/engine_protocol.h"

#include "jobs/tagged_json.h"

namespace longtake {

using nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MakeSegment, order)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CancelSegment, attempt)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FinishSegment, attempt, within_ms)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EngineStarted, protocol, engine, version)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FramesMade, attempt, frames)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SegmentMade, attempt, facts, work, cut_to)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StageDone, attempt, work)

void to_json(json&, const QuitEngine&) {}
void from_json(const json&, QuitEngine&) {}
void to_json(json& j, const SegmentGivenUp& report) {
  j = {{"attempt", report.attempt},
       {"kind", std::string(name_of(report.kind))},
       {"message", report.message},
       {"cancelled", report.cancelled}};
}
void from_json(const json& j, SegmentGivenUp& report) {
  j.at("attempt").get_to(report.attempt);
  report.kind = error_kind_from(j.at("kind").get<std::string>());
  j.at("message").get_to(report.message);
  j.at("cancelled").get_to(report.cancelled);
}

// clang-format off
template <> struct MessageName<MakeSegment> { static constexpr auto value = "make_segment"; };
template <> struct MessageName<CancelSegment> { static constexpr auto value = "cancel_segment"; };
template <> struct MessageName<FinishSegment> { static constexpr auto value = "finish_segment"; };
template <> struct MessageName<QuitEngine> { static constexpr auto value = "quit"; };
template <> struct MessageName<EngineStarted> { static constexpr auto value = "engine_started"; };
template <> struct MessageName<FramesMade> { static constexpr auto value = "frames_made"; };
template <> struct MessageName<SegmentMade> { static constexpr auto value = "segment_made"; };
template <> struct MessageName<StageDone> { static constexpr auto value = "stage_done"; };
template <> struct MessageName<SegmentGivenUp> { static constexpr auto value = "segment_given_up"; };
// clang-format on

namespace {

template <class Variant>
Variant decode_line(std::string_view line, const char* what) {
  return decode_json(line, what, [](const json& j) {
    Variant message;
    from_tagged_json(j, message);
    return message;
  });
}

template <class Variant>
std::string encode_line(const Variant& message) {
  return to_tagged_json(message).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string encode(const EngineOrder& order) { return encode_line(order); }
std::string encode(const EngineReport& report) { return encode_line(report); }

EngineOrder decode_engine_order(std::string_view line) { return decode_line<EngineOrder>(line, "an order"); }
EngineReport decode_engine_report(std::string_view line) {
  return decode_line<EngineReport>(line, "an engine's report");
}

}  // namespace longtake
