#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace longtake {

/// What went wrong decides what happens next; see docs/failures.md.
enum class ErrorKind {
  InvalidInput,  ///< the user must change something: exit 2, never retried
  OutOfMemory,   ///< a device or host ran out of memory
  DeviceLost,    ///< an engine, device or node went away: retried elsewhere
  Io,            ///< disk, network or codec: retried after a pause
  DiskFull,      ///< no room: the run pauses; no attempt is used up
  NotConnected,  ///< the engines of a group cannot reach each other: tried once in a plainer way
  Bug,           ///< our own invariant is broken: never retried
};

/// The one exception type. The message says what was being done, with the values.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

/// "invalid_input", "out_of_memory", ...: the spelling in messages, tables and reports.
std::string_view name_of(ErrorKind kind);

/// Inverse of name_of. Throws Error{InvalidInput} for an unknown name.
ErrorKind error_kind_from(std::string_view name);

/// The kind for a failed system call: DiskFull for ENOSPC, EDQUOT and EFBIG, else Io.
ErrorKind kind_of_errno(int error_number);

/// Throws Error with kind_of_errno(errno) and "`doing`: <strerror>".
[[noreturn]] void throw_errno(const std::string& doing);

}  // namespace longtake
