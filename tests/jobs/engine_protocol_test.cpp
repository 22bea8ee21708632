#include "jobs/engine_protocol.h"

#include <gmock/gmock.h>

namespace longtake {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

template <class Report>
Report through_the_pipe(const Report& report) {
  return std::get<Report>(decode_engine_report(encode(EngineReport{report})));
}

TEST(EngineProtocol, OrdersSurvive) {
  SegmentOrder order;
  order.attempt = AttemptId{7};
  order.settings.prompt = "two\nlines";
  order.settings.precision = Precision::Int8;
  order.settings.kv_cache_dtype = KvCacheDtype::Fp8;
  order.speech_samples = {800, 160800};
  order.renewal_clips = 20;
  order.share = {steps_layout(40, 4, 2), 3, "/tmp/meeting"};
  const auto made = std::get<MakeSegment>(decode_engine_order(encode(EngineOrder{MakeSegment{order}})));
  EXPECT_EQ(made.order.attempt, AttemptId{7});
  EXPECT_EQ(made.order.settings.prompt, "two\nlines");
  EXPECT_EQ(made.order.settings.precision, Precision::Int8);
  EXPECT_EQ(made.order.settings.kv_cache_dtype, KvCacheDtype::Fp8);
  EXPECT_EQ(made.order.speech_samples, order.speech_samples);
  EXPECT_EQ(made.order.renewal_clips, 20);
  EXPECT_EQ(made.order.share.stage, 3);
  EXPECT_EQ(description_of(made.order.share.layout), "layers x 2 x steps x 4 + decoder");
  EXPECT_EQ(made.order.share.layout.stages[3].layers, (Interval{20, 40}));
  EXPECT_EQ(made.order.share.meeting, "/tmp/meeting");
  const auto cancel = decode_engine_order(encode(EngineOrder{CancelSegment{AttemptId{7}}}));
  EXPECT_EQ(std::get<CancelSegment>(cancel).attempt, AttemptId{7});
  const auto finish = decode_engine_order(encode(EngineOrder{FinishSegment{AttemptId{7}, 5000}}));
  EXPECT_EQ(std::get<FinishSegment>(finish).within_ms, 5000);
  EXPECT_TRUE(std::holds_alternative<QuitEngine>(decode_engine_order(encode(EngineOrder{QuitEngine{}}))));
}

TEST(EngineProtocol, ReportsSurvive) {
  const auto started = through_the_pipe(EngineStarted{kEngineProtocol, "slate", "3"});
  EXPECT_EQ(started.protocol, kEngineProtocol);
  EXPECT_EQ(started.engine, "slate");
  EXPECT_EQ(started.version, "3");
  EXPECT_EQ(through_the_pipe(FramesMade{AttemptId{1}, 96}).frames, 96);
  const SegmentFacts facts = {1, 2, 3, 4, 5};
  EXPECT_EQ(through_the_pipe(SegmentMade{AttemptId{1}, facts, {}}).facts, facts);
  EXPECT_EQ(through_the_pipe(SegmentMade{AttemptId{1}, facts, {}, {3, 5}}).cut_to, (Interval{3, 5}));
  EngineWork work;
  work.seconds = {{"step 1", 1.5}};
  EXPECT_EQ(through_the_pipe(StageDone{AttemptId{1}, work}).work.seconds, work.seconds);
  const auto given_up =
      through_the_pipe(SegmentGivenUp{AttemptId{1}, ErrorKind::OutOfMemory, "1 GB missing", false});
  EXPECT_EQ(given_up.kind, ErrorKind::OutOfMemory);
  EXPECT_EQ(given_up.message, "1 GB missing");
  EXPECT_FALSE(given_up.cancelled);
}

TEST(EngineProtocol, AMessageIsOneLine) {
  SegmentOrder order;
  order.settings.prompt = "two\nlines";
  EXPECT_THAT(encode(EngineOrder{MakeSegment{order}}), Not(HasSubstr("\n")));
}

TEST(EngineProtocol, RefusalShowsTheLine) {
  EXPECT_THAT([] { decode_engine_report("Segmentation fault"); },
              ThrowsMessage<Error>(HasSubstr("Segmentation")));
  EXPECT_THAT([] { decode_engine_order(R"({"type": "dance"})"); },
              ThrowsMessage<Error>(HasSubstr("'dance'")));
}

class LineRefused : public ::testing::TestWithParam<const char*> {};

TEST_P(LineRefused, WithInvalidInput) {
  try {
    decode_engine_report(GetParam());
    FAIL() << "was taken for a report";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput) << e.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Lines, LineRefused,
                         ::testing::Values("", "{", "[]", "3", R"({"type": "frames_made"})",
                                           R"({"type": "frames_made", "attempt": 1, "frames": "many"})",
                                           R"({"type": "quit"})",
                                           R"({"type": "segment_given_up", "attempt": 1, "kind": "x", )"
                                           R"("message": "", "cancelled": false})"));

}  // namespace
}  // namespace longtake
