#pragma once

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <filesystem>
#include <string>

#include "jobs/error.h"

// Included only by the sources of storage/, the home of SQLite.
namespace longtake {

/// The kind and remedy for a failed SQLite call on `file`.
inline Error error_of_sqlite(const std::filesystem::path& file, const SQLite::Exception& e) {
  // SQLite calls it full when the disk is, but not when a quota or a limit on the size of files is used up.
  if (e.getExtendedErrorCode() == SQLITE_IOERR_WRITE) {
    return {ErrorKind::DiskFull, "cannot write " + file.string() + " (" + e.what() +
                                     "): no room on its disk, or a quota is used up"};
  }
  switch (e.getErrorCode()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::InvalidInput, file.string() + " is in use by a running scheduler"};
    case SQLITE_FULL:
      return {ErrorKind::DiskFull, "no room on the disk of " + file.string()};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorKind::InvalidInput,
              file.string() + " is damaged (" + e.what() +
                  "): move it away to start over; finished segments in jobs/ are found "
                  "again and kept"};
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return {ErrorKind::InvalidInput, "cannot write " + file.string() + " (" + e.what() +
                                           "): the work directory must be writable; use another --work-dir"};
    default:
      return {ErrorKind::Io, file.string() + ": " + e.what()};
  }
}

template <class Action>
auto with_sqlite_errors(const std::filesystem::path& file, Action action) {
  try {
    return action();
  } catch (const SQLite::Exception& e) {
    throw error_of_sqlite(file, e);
  }
}

}  // namespace longtake
