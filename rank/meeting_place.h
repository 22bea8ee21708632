#pragma once

#include <filesystem>
#include <string>

namespace longtake {

/// The folder where this rank's engine meets the others of its group in the present attempt
/// (GroupShare::meeting). The engines make it; its parent, which is the run's and only its owner may enter,
/// is made here. The folder goes when the rank goes on to the next attempt or ends: by then every engine that
/// was to come has come, or the attempt is over. The parent goes with the last rank of the host that ends.
class MeetingPlace {
 public:
  MeetingPlace() = default;
  ~MeetingPlace();
  MeetingPlace(const MeetingPlace&) = delete;
  MeetingPlace& operator=(const MeetingPlace&) = delete;

  /// `meeting` may be empty: the engine works alone. Throws Error{Io} when its parent cannot be made.
  void go_to(const std::string& meeting);

 private:
  void leave() const;

  std::filesystem::path meeting_;  ///< the latest; empty: there was none
};

}  // namespace longtake
