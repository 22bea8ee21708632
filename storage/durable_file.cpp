#include "storage/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "jobs/error.h"
#include "storage/file_descriptor.h"

namespace longtake {
namespace {

void write_all(int fd, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno("cannot write " + path.string());
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::filesystem::path part_path(const std::filesystem::path& path, const std::string& writer) {
  return path.string() + (writer.empty() ? "" : "." + writer) + ".part";
}

void remove_part_files(const std::filesystem::path& folder) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    if (entry.path().extension() == ".part") std::filesystem::remove(entry.path(), none);
  }
}

void sync_to_disk(const std::filesystem::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) throw_errno("cannot open " + path.string());
  if (::fsync(file.get()) != 0) throw_errno("cannot fsync " + path.string());
}

void commit_part(const std::filesystem::path& part, const std::filesystem::path& path) {
  sync_to_disk(part);
  if (::rename(part.c_str(), path.c_str()) != 0) {
    throw_errno("cannot rename " + part.string() + " to " + path.filename().string());
  }
  sync_to_disk(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."));
}

void write_durably(const std::filesystem::path& path, std::string_view bytes, Readers readers) {
  std::string part = part_path(path, "XXXXXX");
  constexpr int kSuffixLength = 5;                                                // ".part"
  const FileDescriptor file(::mkostemps(part.data(), kSuffixLength, O_CLOEXEC));  // mode 0600
  if (!file.is_open()) throw_errno("cannot create " + part);
  try {
    write_all(file.get(), bytes, part);
    if (readers == Readers::Everyone) ::fchmod(file.get(), 0644);
    commit_part(part, path);
  } catch (const Error&) {
    ::unlink(part.c_str());
    throw;
  }
}

}  // namespace longtake
