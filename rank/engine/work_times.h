#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace longtake {

/// Where the time of one thread goes: each moment counts for the innermost thing that is being done. On a
/// device that works on its own, time counts where its results are waited for.
class WorkTimes {
 public:
  using Clock = std::chrono::steady_clock;

  explicit WorkTimes(std::function<Clock::time_point()> now = Clock::now) : now_(std::move(now)) {}

  /// As long as it lives, `what` is being done.
  class Doing {
   public:
    Doing(WorkTimes& times, std::string what) : times_(times) { times_.begin(std::move(what)); }
    ~Doing() { times_.end(); }
    Doing(const Doing&) = delete;
    Doing& operator=(const Doing&) = delete;

   private:
    WorkTimes& times_;
  };

  /// From now on `told` hears what was being done whenever it ends or is interrupted, also by an exception.
  /// It must not throw.
  void tell(std::function<void(const std::string&)> told) { told_ = std::move(told); }

  /// Of everything that has ended.
  const std::map<std::string, double>& seconds() const { return seconds_; }

 private:
  void begin(std::string what) {
    count();
    doing_.push_back(std::move(what));
  }
  void end() {
    count();
    doing_.pop_back();
  }
  void count() {
    const Clock::time_point now = now_();
    if (!doing_.empty()) seconds_[doing_.back()] += std::chrono::duration<double>(now - since_).count();
    since_ = now;
    if (told_ && !doing_.empty()) told_(doing_.back());
  }

  std::function<Clock::time_point()> now_;
  std::function<void(const std::string&)> told_;
  Clock::time_point since_;
  std::vector<std::string> doing_;
  std::map<std::string, double> seconds_;
};

}  // namespace longtake
