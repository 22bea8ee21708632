#include "storage/media/file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <utility>

extern "C" {
#include <libavformat/avio.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>
}

namespace longtake {
namespace {

constexpr int kBufferBytes = 1 << 18;
constexpr std::int64_t kWriteBackBytes = 32 << 20;

}  // namespace

FileIo::FileIo(const std::filesystem::path& path, Mode mode) : path_(path) {
  silence_av_log();
  const bool creates = mode == Mode::Create;
  fd_ = ::open(path.c_str(), (creates ? O_RDWR | O_CREAT | O_TRUNC : O_RDONLY) | O_CLOEXEC, 0666);
  if (fd_ < 0) throw_errno((creates ? "cannot create " : "cannot open ") + path.string());
  auto* buffer = static_cast<std::uint8_t*>(av_malloc(kBufferBytes));
  io_.reset(avio_alloc_context(buffer, kBufferBytes, creates ? 1 : 0, this, read_some,
                               creates ? write_all : nullptr, seek_to));
  if (io_ == nullptr) {
    av_free(buffer);
    ::close(fd_);
    throw std::bad_alloc();
  }
}

FileIo::~FileIo() {
  if (sending_.valid()) sending_.wait();
  if (fd_ >= 0) ::close(fd_);
}

void FileIo::close() {
  const std::string doing = "cannot write " + path_.string();
  avio_flush(io_.get());
  check(io_->error, doing);
  if (sending_.valid()) sending_.wait();
  // Interrupted by a signal it is closed all the same.
  if (::close(std::exchange(fd_, -1)) != 0 && errno != EINTR) throw_errno(doing);
}

int FileIo::read_some(void* self, std::uint8_t* bytes, int size) {
  const ssize_t count = ::read(static_cast<FileIo*>(self)->fd_, bytes, static_cast<std::size_t>(size));
  if (count < 0) return AVERROR(errno);
  return count == 0 ? AVERROR_EOF : static_cast<int>(count);
}

int FileIo::write_all(void* self, std::uint8_t* bytes, int size) {
  auto& file = *static_cast<FileIo*>(self);
  for (int written = 0; written < size;) {
    const ssize_t count = ::write(file.fd_, bytes + written, static_cast<std::size_t>(size - written));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return AVERROR(errno);
    written += static_cast<int>(count);
  }
  file.write_back_early(size);
  return size;
}

void FileIo::write_back_early(int written) {
  unsent_bytes_ += written;
  if (unsent_bytes_ < kWriteBackBytes) return;
  // Only a hint: the disk works while we go on, and the fsync at the end finds little left to do.
  if (sending_.valid()) sending_.wait();
  sending_ =
      std::async(std::launch::async, [fd = fd_] { ::sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE); });
  unsent_bytes_ = 0;
}

std::int64_t FileIo::seek_to(void* self, std::int64_t offset, int whence) {
  const int fd = static_cast<FileIo*>(self)->fd_;
  if (whence == AVSEEK_SIZE) {
    struct stat status = {};
    return ::fstat(fd, &status) == 0 ? status.st_size : AVERROR(errno);
  }
  const off_t position = ::lseek(fd, offset, whence & ~AVSEEK_FORCE);
  return position < 0 ? AVERROR(errno) : position;
}

}  // namespace longtake
