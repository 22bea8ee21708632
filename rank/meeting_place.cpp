#include "rank/meeting_place.h"

#include <sys/stat.h>

#include <cerrno>

#include "jobs/error.h"

namespace longtake {

MeetingPlace::~MeetingPlace() {
  leave();
  std::error_code none;  // while others meet there it is not empty
  if (!meeting_.empty()) std::filesystem::remove(meeting_.parent_path(), none);
}

void MeetingPlace::go_to(const std::string& meeting) {
  leave();
  if (meeting.empty()) return;
  meeting_ = meeting;
  const std::filesystem::path parent = meeting_.parent_path();
  if (::mkdir(parent.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    throw_errno("cannot make the folder " + parent.string() + " in which engines meet");
  }
}

void MeetingPlace::leave() const {
  std::error_code none;
  if (!meeting_.empty()) std::filesystem::remove_all(meeting_, none);
}

}  // namespace longtake
