#include "rank/engine_side/segment_service.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "jobs/error.h"

namespace longtake {
namespace {

using testing::HasSubstr;

/// A service whose orders were all given before it began: what it says is read when it has ended.
class SegmentServices : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    rank_ = FileDescriptor(ends[0]);
    engine_end_ = ends[1];
  }

  void order(const EngineOrder& wanted) {
    const std::string line = encode(wanted) + "\n";
    ASSERT_EQ(::write(rank_.get(), line.data(), line.size()), static_cast<ssize_t>(line.size()));
  }

  void order_segment(int attempt) {
    SegmentOrder segment;
    segment.attempt = AttemptId{attempt};
    order(MakeSegment{segment});
  }

  std::string said() const {
    std::array<char, 1 << 16> text{};
    const ssize_t got = ::recv(rank_.get(), text.data(), text.size(), MSG_DONTWAIT);
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got))};
  }

  SegmentService service(const SegmentMaker& maker, const std::function<bool()>& can_go_on = {}) {
    return {OrderLine(engine_end_), {kEngineProtocol, "test", "1"}, maker, can_go_on};
  }

  static std::optional<PartMade> fail(const SegmentOrder&, const AfterFrame&) {
    throw Error(ErrorKind::DeviceLost, "CUDA error: an illegal memory access was encountered");
  }

 private:
  FileDescriptor rank_;
  int engine_end_ = -1;
};

TEST_F(SegmentServices, ThatCannotGoOnEndsAfterItHasReportedTheFailure) {
  order_segment(7);
  order_segment(8);
  EXPECT_THROW(service(fail, [] { return false; }).serve(), Error);
  const std::string reports = said();
  EXPECT_THAT(reports, HasSubstr("an illegal memory access"));
  EXPECT_THAT(reports, HasSubstr("\"attempt\":7"));
  EXPECT_EQ(reports.find("\"attempt\":8"), std::string::npos) << "the next segment is another process's";
}

TEST_F(SegmentServices, ThatCanGoOnDoesSoAfterAFailure) {
  order_segment(7);
  order_segment(8);
  order(QuitEngine{});
  EXPECT_NO_THROW(service(fail, [] { return true; }).serve());
  EXPECT_THAT(said(), HasSubstr("\"attempt\":8"));
}

TEST_F(SegmentServices, IsAskedOnlyAfterAFailure) {
  order_segment(7);
  order(QuitEngine{});
  const auto make = [](const SegmentOrder&, const AfterFrame&) {
    return std::optional<PartMade>(PartMade{});
  };
  EXPECT_NO_THROW(service(make, [] { return false; }).serve());
}

}  // namespace
}  // namespace longtake
