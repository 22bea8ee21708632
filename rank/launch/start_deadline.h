#pragma once

namespace longtake {

/// Ends this process with a line on standard error and `exit_code` when a step of the start takes longer
/// than kStartStep_s: MPI waits for ever for a rank that died before everyone had found each other. One at
/// a time; it uses SIGALRM.
class StartDeadline {
 public:
  static constexpr unsigned kStartStep_s = 30;

  explicit StartDeadline(int exit_code);
  /// The start is over.
  ~StartDeadline();
  StartDeadline(const StartDeadline&) = delete;
  StartDeadline& operator=(const StartDeadline&) = delete;

  /// A step is done; the next one gets the full time again.
  void extend();
};

}  // namespace longtake
