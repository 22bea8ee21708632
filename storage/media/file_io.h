#pragma once

#include <filesystem>

#include "storage/media/av_handles.h"

namespace longtake {

/// A file behind an FFmpeg I/O context, with a large buffer of our own: a join moves gigabytes, and
/// the errno of a failed write reaches check() unchanged.
class FileIo {
 public:
  enum class Mode { Read, Create };

  /// Throws Error{Io} when the file cannot be opened or created.
  FileIo(const std::filesystem::path& path, Mode mode);
  ~FileIo();
  FileIo(const FileIo&) = delete;
  FileIo& operator=(const FileIo&) = delete;

  AVIOContext* context() const { return io_.get(); }

  /// All that was written is handed to the kernel; throws what any earlier write has met.
  void flush();

 private:
  std::filesystem::path path_;
  int fd_;
  IoHandle io_;
};

}  // namespace longtake
