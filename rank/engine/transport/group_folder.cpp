#include "rank/engine/transport/group_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "jobs/error.h"

namespace longtake {
namespace {

constexpr mode_t kOnlyOurs = 0700;

void make_or_join(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), kOnlyOurs) == 0) return;
  if (errno != EEXIST) throw_errno("cannot make the folder " + folder.string() + " for a group to meet in");
  struct stat found {};
  if (::lstat(folder.c_str(), &found) != 0) throw_errno("cannot look at " + folder.string());
  const bool is_ours = S_ISDIR(found.st_mode) && found.st_uid == ::geteuid() && (found.st_mode & 077) == 0;
  if (is_ours) return;
  throw Error(ErrorKind::InvalidInput, "a group cannot meet in " + folder.string() +
                                           ": it must be a folder of user " + std::to_string(::geteuid()) +
                                           " that nobody else may enter");
}

}  // namespace

GroupFolder::GroupFolder(std::filesystem::path folder, int engines)
    : folder_(std::move(folder)), engines_(engines) {
  make_or_join(folder_);
}

std::vector<std::filesystem::path> GroupFolder::sockets() const {
  std::vector<std::filesystem::path> all;
  for (int engine = 0; engine < engines_; ++engine) all.push_back(folder_ / std::to_string(engine));
  return all;
}

GroupFolder::~GroupFolder() {
  std::error_code none;
  if (takes_all_) {
    for (const std::filesystem::path& socket : sockets()) std::filesystem::remove(socket, none);
  }
  ::rmdir(folder_.c_str());  // not empty: others are still there, the last one removes it
}

}  // namespace longtake
