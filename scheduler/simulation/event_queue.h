#pragma once

#include <cstdint>
#include <queue>
#include <utility>
#include <vector>

namespace longtake {

/// What will happen, in the order of time. Of events at the same time the one that was added first comes
/// first, so that a simulation repeats itself.
template <class Event>
class EventQueue {
 public:
  struct Timed {
    std::int64_t at_ms = 0;
    Event event;
  };

  void add(std::int64_t at_ms, Event event) { events_.push({at_ms, next_++, std::move(event)}); }

  bool is_empty() const { return events_.empty(); }

  /// The next event, taken out. The queue must not be empty.
  Timed take() {
    Timed next{events_.top().at_ms, events_.top().event};
    events_.pop();
    return next;
  }

 private:
  struct Entry {
    std::int64_t at_ms;
    std::uint64_t number;
    Event event;
    friend bool operator<(const Entry& a, const Entry& b) {  // the largest of a priority_queue comes first
      return a.at_ms != b.at_ms ? a.at_ms > b.at_ms : a.number > b.number;
    }
  };
  std::priority_queue<Entry> events_;
  std::uint64_t next_ = 0;
};

}  // namespace longtake
