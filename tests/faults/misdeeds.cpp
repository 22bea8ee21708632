#include "tests/faults/misdeeds.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <thread>

#include "jobs/error.h"
#include "rank/slate/carry.h"

namespace longtake {
namespace {

constexpr SegmentFacts kPretended = {4711, 48, 1, 2, 3};

[[noreturn]] void hang() {
  while (true) ::pause();
}

void write_raw(int descriptor, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = ::write(descriptor, text.data() + done, text.size() - done);
    if (written <= 0) ::_exit(5);
    done += static_cast<std::size_t>(written);
  }
}

/// How many descriptors above the line are open: none should be.
int stray_descriptors(int line) {
  int count = 0;
  for (int descriptor = line + 1; descriptor < 1024; ++descriptor)
    count += ::fcntl(descriptor, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

std::optional<PartMade> wait_for_cancel(const AfterFrame& after_frame) {
  while (after_frame(0)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return std::nullopt;
}

void tear(const std::filesystem::path& file) {
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && std::string(value) == "1";
}

std::string what_of(const SegmentOrder& order) { return "cannot write " + order.segment + ".part: made up"; }

}  // namespace

Misdeeds::Misdeeds(std::vector<FaultRule> rules, FaultDiary diary, SegmentMaker right, std::int64_t rank,
                   int line)
    : rules_(std::move(rules)),
      diary_(std::move(diary)),
      right_(std::move(right)),
      rank_(rank),
      line_(line) {}

int Misdeeds::start() {
  start_ = diary_.add_start(rank_);
  FaultSubject engine;
  engine.rank = rank_;
  engine.start = start_;
  const auto rule = fault_at_load(rules_, engine);
  if (!rule) return kEngineProtocol;
  diary_.add(rule->deed, engine);
  if (rule->deed == Deed::WrongProtocol) return 99;
  if (rule->deed == Deed::Deaf) {
    say(EngineStarted{});
    hang();
  }
  commit(*rule, {});
  return kEngineProtocol;
}

std::optional<PartMade> Misdeeds::make(const SegmentOrder& order, const AfterFrame& after_frame) {
  FaultSubject subject;
  subject.rank = rank_;
  subject.start = start_;
  subject.job = order.job;
  subject.clip = order.clips.begin;
  subject.attempt = order.attempt.value;
  subject.pixels = std::int64_t{order.size.height} * order.size.width;
  subject.has_plain_transport = is_set("NCCL_P2P_DISABLE") && is_set("NCCL_IB_DISABLE");
  const auto rule = fault_of_order(rules_, subject);
  if (!rule) return right_(order, after_frame);
  if (rule->frame == 0) {
    diary_.add(rule->deed, subject);
    return make_wrongly(*rule, order, after_frame);
  }
  return right_(order, [&](std::int64_t frames) {
    const GoOn goes_on = after_frame(frames);
    if (frames == rule->frame) {
      diary_.add(rule->deed, subject);
      commit(*rule, order);
    }
    return goes_on;
  });
}

std::optional<PartMade> Misdeeds::make_wrongly(const FaultRule& rule, const SegmentOrder& order,
                                               const AfterFrame& after_frame) {
  switch (rule.deed) {
    case Deed::Wait:
      return wait_for_cancel(after_frame);
    case Deed::Print:
      std::cout << "to the log" << std::endl;
      [[fallthrough]];
    case Deed::Pretend:
      say(FramesMade{order.attempt, kPretended.frames});
      return PartMade{kPretended, {}};
    case Deed::ShortFile:
      return make_short(order, after_frame);
    case Deed::TornFile: {
      auto part = right_(order, after_frame);
      if (part) tear(order.segment);
      return part;
    }
    case Deed::Late: {
      auto part = right_(order, after_frame);
      std::this_thread::sleep_for(std::chrono::seconds(rule.seconds));
      return part;
    }
    case Deed::OldAttempt:
    case Deed::CountDescriptors:
    case Deed::Exit:
    case Deed::Kill:
    case Deed::Hang:
    case Deed::Deaf:
    case Deed::WrongProtocol:
    case Deed::Garbage:
    case Deed::Endless:
    case Deed::Close:
    case Deed::IoError:
    case Deed::DiskFull:
    case Deed::OutOfMemory:
    case Deed::NotConnected:
    case Deed::LastWords:
      break;
  }
  commit(rule, order);
  return right_(order, after_frame);
}

/// The deeds that can come at any frame; most do not return.
void Misdeeds::commit(const FaultRule& rule, const SegmentOrder& order) {
  switch (rule.deed) {
    case Deed::Exit:
      ::_exit(3);
    case Deed::Kill:
      ::raise(SIGKILL);
      return;
    case Deed::Hang:
      hang();
    case Deed::Garbage:
      write_raw(line_, "NCCL INFO this is no JSON\n");
      hang();
    case Deed::Endless:
      write_raw(line_, std::string(3 << 20, 'x'));
      hang();
    case Deed::Close:
      ::close(line_);
      hang();
    case Deed::OldAttempt:
      return say(SegmentMade{AttemptId{order.attempt.value - 1}, kPretended, {}});
    case Deed::IoError:
      throw Error(ErrorKind::Io, what_of(order) + ": Input/output error");
    case Deed::DiskFull:
      throw Error(ErrorKind::DiskFull, what_of(order) + ": No space left on device");
    case Deed::OutOfMemory:
      throw Error(ErrorKind::OutOfMemory, "no memory left on device 0 for " +
                                              std::to_string(order.size.width) + "x" +
                                              std::to_string(order.size.height) + ": made up");
    case Deed::NotConnected:
      throw Error(ErrorKind::NotConnected, "NCCL: unhandled system error: made up");
    case Deed::LastWords:
      say(FramesMade{order.attempt, kPretended.frames});
      say(SegmentMade{order.attempt, kPretended, {}});
      ::_exit(0);
    case Deed::CountDescriptors:
      say(FramesMade{order.attempt, stray_descriptors(line_)});
      hang();
    case Deed::Wait:
    case Deed::Print:
    case Deed::Pretend:
    case Deed::ShortFile:
    case Deed::TornFile:
    case Deed::Late:
    case Deed::Deaf:
    case Deed::WrongProtocol:
      throw Error(ErrorKind::Bug, std::string(name_of(rule.deed)) + " is nothing to do at a frame");
  }
}

/// The carry is right: only the film would miss the frame.
std::optional<PartMade> Misdeeds::make_short(const SegmentOrder& order, const AfterFrame& after_frame) {
  SegmentOrder shorter = order;
  --shorter.frames.end;
  auto part = right_(shorter, after_frame);
  write_carry(order.carry_out, {order.identity, order.frames.end});
  return part;
}

void Misdeeds::say(const EngineReport& report) const { write_raw(line_, encode(report) + "\n"); }

}  // namespace longtake
