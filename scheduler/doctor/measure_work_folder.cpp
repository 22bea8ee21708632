#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <vector>

#include "jobs/error.h"
#include "scheduler/doctor/system_files.h"
#include "scheduler/doctor/work_folder.h"
#include "storage/database.h"
#include "storage/file_descriptor.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kPiece_bytes = 1 << 20;
constexpr int kPieces = 32;
constexpr int kSyncs = 16;
/// A disk on which one piece takes so long has told enough.
constexpr std::chrono::seconds kEnough{5};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

fs::path nearest_existing(fs::path folder) {
  std::error_code none;
  while (!fs::is_directory(folder, none) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

/// A file that only this descriptor knows.
FileDescriptor open_nameless(const fs::path& folder) {
  std::string path = (folder / ".longtake-doctor-XXXXXX").string();
  FileDescriptor file(::mkostemp(path.data(), O_CLOEXEC));
  if (!file.is_open()) throw_errno("cannot create a file");
  ::unlink(path.c_str());
  return file;
}

void write_whole(const FileDescriptor& file, const std::vector<char>& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::write(file.get(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno != EINTR) throw_errno("cannot write a file");
    if (count > 0) done += static_cast<std::size_t>(count);
  }
}

void sync(const FileDescriptor& file) {
  if (::fsync(file.get()) != 0) throw_errno("cannot bring a file to the disk");
}

void measure_syncs(const FileDescriptor& file, WorkFolderFacts& facts) {
  constexpr std::size_t kPage_bytes = 4096;
  std::vector<double> times_ms;
  const Clock::time_point begin = Clock::now();
  while (times_ms.size() < kSyncs && Clock::now() - begin < kEnough) {
    const Clock::time_point start = Clock::now();
    write_whole(file, std::vector<char>(kPage_bytes, 'x'));
    sync(file);
    times_ms.push_back(seconds_since(start) * 1000);
  }
  std::sort(times_ms.begin(), times_ms.end());
  facts.sync_ms = times_ms[times_ms.size() / 2];
  facts.slowest_sync_ms = times_ms.back();
}

void measure_writing(const FileDescriptor& file, WorkFolderFacts& facts) {
  // Not all zeros: some file systems store those as nothing.
  std::vector<char> piece(kPiece_bytes);
  for (std::size_t i = 0; i < piece.size(); ++i) piece[i] = static_cast<char>(i * 2654435761U >> 13);
  const Clock::time_point start = Clock::now();
  std::size_t written = 0;
  for (int i = 0; i < kPieces && Clock::now() - start < kEnough; ++i, written += piece.size()) {
    write_whole(file, piece);
  }
  sync(file);
  facts.write_bytes_per_s = static_cast<double>(written) / std::max(seconds_since(start), 1e-6);
}

/// The file system stamps what was just written: on a network file system with its server's clock.
double clock_ahead_s(const FileDescriptor& file) {
  write_whole(file, {'x'});
  sync(file);
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) throw_errno("cannot read the time of a file");
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(facts.st_mtim.tv_sec - now.tv_sec) +
         static_cast<double>(facts.st_mtim.tv_nsec - now.tv_nsec) * 1e-9;
}

void measure_room(WorkFolderFacts& facts) {
  struct statvfs room {};
  if (::statvfs(facts.looked_at.c_str(), &room) != 0) throw_errno("cannot read the free room");
  facts.free_bytes = static_cast<std::int64_t>(room.f_bavail * room.f_frsize);
  facts.free_files = room.f_files == 0 ? -1 : static_cast<std::int64_t>(room.f_favail);
}

}  // namespace

WorkFolderFacts measure_work_folder(const fs::path& folder) {
  WorkFolderFacts facts;
  facts.folder = folder;
  facts.looked_at = nearest_existing(folder);
  facts.file_system = file_system_type(content_of("/proc/self/mountinfo"), facts.looked_at);
  facts.is_remote = is_on_network_file_system(facts.looked_at);
  try {
    measure_room(facts);
    const FileDescriptor file = open_nameless(facts.looked_at);
    measure_syncs(file, facts);
    facts.clock_ahead_s = clock_ahead_s(file);
    measure_writing(file, facts);
  } catch (const Error& e) {
    facts.failure = e.what();
  }
  return facts;
}

}  // namespace longtake
