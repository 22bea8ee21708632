#include "storage/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "jobs/error.h"

namespace longtake {
namespace {

class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags, mode_t mode = 0666)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {
    if (fd_ < 0) throw_errno("cannot open " + path.string());
  }
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

void write_all(int fd, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno("cannot write " + path.string());
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::filesystem::path part_path(const std::filesystem::path& path) { return path.string() + ".part"; }

void sync_to_disk(const std::filesystem::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (::fsync(file.get()) != 0) throw_errno("cannot fsync " + path.string());
}

void commit_part(const std::filesystem::path& path) {
  const std::filesystem::path part = part_path(path);
  sync_to_disk(part);
  if (::rename(part.c_str(), path.c_str()) != 0) {
    throw_errno("cannot rename " + part.string() + " to " + path.filename().string());
  }
  sync_to_disk(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."));
}

void write_durably(const std::filesystem::path& path, std::string_view bytes, Readers readers) {
  const std::filesystem::path part = part_path(path);
  try {
    const Descriptor file(part, O_WRONLY | O_CREAT | O_TRUNC, readers == Readers::Owner ? 0600 : 0666);
    write_all(file.get(), bytes, part);
  } catch (const Error&) {
    ::unlink(part.c_str());
    throw;
  }
  commit_part(path);
}

}  // namespace longtake
