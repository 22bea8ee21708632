#pragma once

#include <filesystem>
#include <vector>

namespace longtake {

/// The folder where the engines of a group meet, as one of them sees it: it makes the folder if it is the
/// first, and takes it away if it is the last.
class GroupFolder {
 public:
  /// `folder`'s parent must be there. Throws Error{Io} when the folder cannot be made, Error{InvalidInput}
  /// when there is something that is not a folder of ours closed to others: somebody else could listen.
  GroupFolder(std::filesystem::path folder, int engines);

  /// Takes the folder away when it is empty; unless is_over(), the sockets in it first.
  ~GroupFolder();
  GroupFolder(const GroupFolder&) = delete;
  GroupFolder& operator=(const GroupFolder&) = delete;

  /// The sockets of all engines, by stage.
  std::vector<std::filesystem::path> sockets() const;

  /// All have left: from now on each takes away its own socket (GroupSocket). Until then an end is a failure,
  /// and whoever is left takes away the sockets of those that died.
  void is_over() { takes_all_ = false; }

 private:
  std::filesystem::path folder_;
  int engines_;
  bool takes_all_ = true;
};

}  // namespace longtake
