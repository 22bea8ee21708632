#pragma once

namespace longtake {

/// Says how long a step of the start may take, in whole seconds.
inline constexpr const char* kStartLimitVariable = "LONGTAKE_START_LIMIT_S";

/// What kStartLimitVariable holds, or the usual 30 s where it is not set (nullptr). Throws
/// Error{InvalidInput} for what is no number of seconds from 1 to 3600.
unsigned start_limit_s(const char* value);

/// Ends this process with a line on standard error and `exit_code` when a step of the start takes longer
/// than `limit_s`: MPI waits for ever for a rank that died before everyone had found each other. One at
/// a time; it uses SIGALRM.
class StartDeadline {
 public:
  StartDeadline(int exit_code, unsigned limit_s);
  /// The start is over.
  ~StartDeadline();
  StartDeadline(const StartDeadline&) = delete;
  StartDeadline& operator=(const StartDeadline&) = delete;

  /// A step is done; the next one gets the full time again.
  void extend();

 private:
  unsigned limit_s_;
};

}  // namespace longtake
