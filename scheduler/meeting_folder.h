#pragma once

#include <string>

namespace longtake {

/// Below which the engines of a run's groups find each other (GroupShare::meeting): a name in /tmp that
/// nobody can guess, short enough for sockets. Ranks make the folder, on their hosts, when a group of
/// several needs it, and take it away when they leave; the destructor removes what killed ones left here.
class MeetingFolder {
 public:
  MeetingFolder();
  ~MeetingFolder();
  MeetingFolder(const MeetingFolder&) = delete;
  MeetingFolder& operator=(const MeetingFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Removes the meeting folder of a run that was killed. Anything that is not such a name is left alone.
void remove_meeting_folder(const std::string& path);

}  // namespace longtake
