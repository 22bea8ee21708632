#include "tests/system/support/small_disk.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include "tests/system/support/files.h"

namespace longtake {
namespace {

constexpr const char* kFiller = "filler";

void mount_or_throw(const std::filesystem::path& folder, unsigned long flags, const std::string& options) {
  if (::mount("tmpfs", folder.c_str(), "tmpfs", flags, options.c_str()) == 0) return;
  throw std::runtime_error("cannot mount a tmpfs at " + folder.string() + ": " + std::strerror(errno));
}

}  // namespace

SmallDisk::SmallDisk(std::filesystem::path folder, std::size_t bytes) : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
  mount_or_throw(folder_, 0, "size=" + std::to_string(bytes));
}

SmallDisk::~SmallDisk() { ::umount2(folder_.c_str(), MNT_DETACH); }

void SmallDisk::fill() {
  const int file = ::open((folder_ / kFiller).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const std::array<char, 4096> page{};
  while (::write(file, page.data(), page.size()) > 0) {
  }
  ::close(file);
}

void SmallDisk::make_room() { std::filesystem::remove(folder_ / kFiller); }

void SmallDisk::make_read_only() { mount_or_throw(folder_, MS_REMOUNT | MS_RDONLY, ""); }

bool SmallDisk::can_mount() {
  const std::filesystem::path folder = make_temporary_folder();
  const bool is_mounted = ::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=4096") == 0;
  if (is_mounted) ::umount2(folder.c_str(), MNT_DETACH);
  std::filesystem::remove(folder);
  return is_mounted;
}

}  // namespace longtake
