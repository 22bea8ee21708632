#include "rank/meeting_place.h"

#include <sys/stat.h>

#include <cerrno>

#include "jobs/error.h"

namespace longtake {

void MeetingPlace::go_to(const std::string& meeting) {
  leave();
  if (meeting.empty()) return;
  meeting_ = meeting;
  const std::filesystem::path parent = meeting_.parent_path();
  if (::mkdir(parent.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    throw_errno("cannot make the folder " + parent.string() + " in which engines meet");
  }
}

void MeetingPlace::leave() {
  if (meeting_.empty()) return;
  std::error_code none;
  std::filesystem::remove_all(meeting_, none);
  std::filesystem::remove(meeting_.parent_path(), none);  // unless another group meets there
  meeting_.clear();
}

}  // namespace longtake
