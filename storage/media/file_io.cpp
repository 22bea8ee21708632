#include "storage/media/file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>

extern "C" {
#include <libavformat/avio.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>
}

namespace longtake {
namespace {

constexpr int kBufferBytes = 1 << 20;

int descriptor_of(void* opaque) { return *static_cast<int*>(opaque); }

int read_some(void* opaque, std::uint8_t* bytes, int size) {
  const ssize_t count = ::read(descriptor_of(opaque), bytes, static_cast<std::size_t>(size));
  if (count < 0) return AVERROR(errno);
  return count == 0 ? AVERROR_EOF : static_cast<int>(count);
}

int write_all(void* opaque, std::uint8_t* bytes, int size) {
  for (int written = 0; written < size;) {
    const ssize_t count =
        ::write(descriptor_of(opaque), bytes + written, static_cast<std::size_t>(size - written));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return AVERROR(errno);
    written += static_cast<int>(count);
  }
  return size;
}

std::int64_t seek_to(void* opaque, std::int64_t offset, int whence) {
  if (whence == AVSEEK_SIZE) {
    struct stat status = {};
    return ::fstat(descriptor_of(opaque), &status) == 0 ? status.st_size : AVERROR(errno);
  }
  const off_t position = ::lseek(descriptor_of(opaque), offset, whence & ~AVSEEK_FORCE);
  return position < 0 ? AVERROR(errno) : position;
}

}  // namespace

FileIo::FileIo(const std::filesystem::path& path, Mode mode) : path_(path) {
  silence_av_log();
  const bool creates = mode == Mode::Create;
  fd_ = ::open(path.c_str(), (creates ? O_RDWR | O_CREAT | O_TRUNC : O_RDONLY) | O_CLOEXEC, 0666);
  if (fd_ < 0) throw_errno((creates ? "cannot create " : "cannot open ") + path.string());
  auto* buffer = static_cast<std::uint8_t*>(av_malloc(kBufferBytes));
  io_.reset(avio_alloc_context(buffer, kBufferBytes, creates ? 1 : 0, &fd_, read_some,
                               creates ? write_all : nullptr, seek_to));
  if (io_ == nullptr) {
    av_free(buffer);
    ::close(fd_);
    throw std::bad_alloc();
  }
}

FileIo::~FileIo() { ::close(fd_); }

void FileIo::flush() {
  avio_flush(io_.get());
  check(io_->error, "cannot write " + path_.string());
}

}  // namespace longtake
