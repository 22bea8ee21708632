#include "scheduler/preparing_desk.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>

#include "jobs/error.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "preparing-";
constexpr const char* kLockName = "lock";
/// Nobody reads inputs for days.
constexpr auto kAbandoned = std::chrono::hours(72);

std::string make_desk(const fs::path& root) {
  std::string path = (root / (std::string(kPrefix) + "XXXXXX")).string();
  if (::mkdtemp(path.data()) == nullptr) throw_errno("cannot create " + path);
  return path;
}

/// Under its own name the file is locked from the beginning. Without locks on the file system it is only
/// there.
FileDescriptor lock_desk(const fs::path& desk) {
  const fs::path lock = desk / kLockName;
  const fs::path unlocked = desk / "lock.new";
  FileDescriptor file(::open(unlocked.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file.is_open()) throw_errno("cannot create " + unlocked.string());
  ::flock(file.get(), LOCK_EX | LOCK_NB);
  fs::rename(unlocked, lock);
  return file;
}

bool is_abandoned(const fs::path& desk) {
  const FileDescriptor lock(::open((desk / kLockName).c_str(), O_RDWR | O_CLOEXEC));
  if (lock.is_open()) {
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
  }
  std::error_code gone;
  const auto made = fs::last_write_time(desk, gone);
  return !gone && fs::file_time_type::clock::now() - made >= kAbandoned;
}

}  // namespace

void NewFolders::make(const fs::path& path, std::error_code& error) {
  if (path.empty() || fs::is_directory(path, error)) return error.clear();
  make(path.parent_path(), error);
  if (!error && fs::create_directory(path, error)) made_.push_back(path);
}

void NewFolders::remove_empty() const {
  std::error_code none;
  for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) fs::remove(*folder, none);
}

PreparingDesk::PreparingDesk(const WorkDir& work_dir)
    : folder_(make_desk(work_dir.root())), lock_(lock_desk(folder_.root())) {}

PreparingDesk::~PreparingDesk() {
  std::error_code none;
  fs::remove_all(folder_.root(), none);
}

void remove_abandoned_desks(const WorkDir& work_dir) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(work_dir.root(), none)) {
    const bool is_desk = entry.path().filename().string().rfind(kPrefix, 0) == 0;
    if (is_desk && is_abandoned(entry.path())) fs::remove_all(entry.path(), none);
  }
}

}  // namespace longtake
