#pragma once

#include <filesystem>
#include <string>

namespace longtake {

/// The folder where this rank's engine meets the others of its group in the present attempt
/// (GroupShare::meeting). The engines make it; its parent, which is the run's and only its owner may enter,
/// is made here. Both go when the rank goes on to the next attempt or ends: by then every engine that was
/// to come has come, or the attempt is over.
class MeetingPlace {
 public:
  ~MeetingPlace() { leave(); }

  /// `meeting` may be empty: the engine works alone. Throws Error{Io} when its parent cannot be made.
  void go_to(const std::string& meeting);

 private:
  void leave();

  std::filesystem::path meeting_;
};

}  // namespace longtake
