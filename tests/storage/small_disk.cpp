#include "tests/storage/small_disk.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace longtake {
namespace {

constexpr uid_t kNobody = 65534;

std::string size_option(std::size_t bytes) { return "size=" + std::to_string(bytes); }

}  // namespace

TestFolder::TestFolder() {
  std::string pattern = std::filesystem::temp_directory_path() / "longtake-test-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  path_ = pattern;
  std::filesystem::permissions(path_, std::filesystem::perms::all);
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::permissions(path_, std::filesystem::perms::all, ignored);
  std::filesystem::remove_all(path_, ignored);
}

SmallDisk::SmallDisk(std::size_t bytes, Full full) {
  is_mounted_ =
      full == Full::Disk && ::mount("tmpfs", path().c_str(), "tmpfs", 0, size_option(bytes).c_str()) == 0;
  if (!is_mounted_) limit_files(bytes);
}

SmallDisk::~SmallDisk() {
  if (is_mounted_) {
    ::umount2(path().c_str(), MNT_DETACH);
  } else {
    limit_files(RLIM_INFINITY);
  }
}

void SmallDisk::make_room(std::size_t bytes) {
  if (!is_mounted_) return limit_files(bytes);
  if (::mount("tmpfs", path().c_str(), "tmpfs", MS_REMOUNT, size_option(bytes).c_str()) != 0) {
    throw std::runtime_error("cannot enlarge the tmpfs at " + path().string());
  }
}

void SmallDisk::limit_files(std::size_t bytes) {
  ::signal(SIGXFSZ, SIG_IGN);  // the write fails with EFBIG instead
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

WithoutRoot::WithoutRoot() : was_root_(::geteuid() == 0) {
  if (was_root_ && ::seteuid(kNobody) != 0) throw std::runtime_error("cannot give up root");
}

WithoutRoot::~WithoutRoot() {
  if (was_root_ && ::seteuid(0) != 0) std::abort();
}

}  // namespace longtake
