#include "jobs/error.h"

#include <array>
#include <cerrno>
#include <cstring>

namespace longtake {
namespace {

struct KindName {
  ErrorKind kind;
  std::string_view name;
};

constexpr std::array<KindName, 7> kKindNames = {{
    {ErrorKind::InvalidInput, "invalid_input"},
    {ErrorKind::OutOfMemory, "out_of_memory"},
    {ErrorKind::DeviceLost, "device_lost"},
    {ErrorKind::Io, "io"},
    {ErrorKind::DiskFull, "disk_full"},
    {ErrorKind::NotConnected, "not_connected"},
    {ErrorKind::Bug, "bug"},
}};

}  // namespace

std::string_view name_of(ErrorKind kind) {
  for (const KindName& entry : kKindNames) {
    if (entry.kind == kind) return entry.name;
  }
  return "bug";
}

ErrorKind error_kind_from(std::string_view name) {
  for (const KindName& entry : kKindNames) {
    if (entry.name == name) return entry.kind;
  }
  throw Error(ErrorKind::InvalidInput, "unknown error kind '" + std::string(name) + "'");
}

ErrorKind kind_of_errno(int error_number) {
  return error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG ? ErrorKind::DiskFull
                                                                                   : ErrorKind::Io;
}

void throw_errno(const std::string& doing) {
  const int error_number = errno;
  throw Error(kind_of_errno(error_number), doing + ": " + std::strerror(error_number));
}

}  // namespace longtake
