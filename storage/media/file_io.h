#pragma once

#include <filesystem>
#include <future>

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

  /// After the last write: throws what any write has met, and what only closing the file tells (a network file
  /// system sends its last bytes then, and hears of a quota that is used up).
  void close();

 private:
  static int read_some(void* self, std::uint8_t* bytes, int size);
  static int write_all(void* self, std::uint8_t* bytes, int size);
  static std::int64_t seek_to(void* self, std::int64_t offset, int whence);
  void write_back_early(int written);

  std::filesystem::path path_;
  int fd_;  ///< -1: closed
  IoHandle io_;
  std::int64_t unsent_bytes_ = 0;  ///< written since the kernel was last told to send them to the disk
  std::future<void> sending_;      ///< telling it takes as long as the disk does
};

}  // namespace longtake
