#include "tests/faults/fault_diary.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include "jobs/error.h"
#include "storage/file_descriptor.h"

namespace longtake {

std::int64_t FaultDiary::add_start(std::int64_t rank) const {
  const std::string beginning = "start rank=" + std::to_string(rank) + " ";
  std::int64_t starts = 1;
  std::ifstream lines(file_);
  for (std::string line; std::getline(lines, line);) starts += line.rfind(beginning, 0) == 0 ? 1 : 0;
  add_line(beginning + "start=" + std::to_string(starts));
  return starts;
}

void FaultDiary::add(Deed deed, const FaultSubject& subject) const {
  add_line(std::string(name_of(deed)) + " rank=" + std::to_string(subject.rank) +
           " start=" + std::to_string(subject.start) + " job=" + subject.job +
           " clip=" + std::to_string(subject.clip) + " attempt=" + std::to_string(subject.attempt));
}

/// One write to a file opened to append: lines of several engines do not mix.
void FaultDiary::add_line(const std::string& line) const {
  if (file_.empty()) return;
  const FileDescriptor file(::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  const std::string text = line + "\n";
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw_errno("cannot write " + file_.string());
}

}  // namespace longtake
