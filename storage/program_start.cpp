#include "storage/program_start.h"

#include <unistd.h>

#include <cerrno>

extern char** environ;

namespace longtake {

std::vector<std::string> environment_with(const Environment& changed) {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (changed.count(text.substr(0, text.find('='))) == 0) variables.push_back(text);
  }
  for (const auto& [name, value] : changed) variables.push_back(name + "=" + value);
  return variables;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

[[noreturn]] void end_failed_child(int failure_descriptor) {
  const int error_number = errno;
  [[maybe_unused]] const ssize_t told = ::write(failure_descriptor, &error_number, sizeof error_number);
  ::_exit(127);
}

int error_of_start(const FileDescriptor& failure) {
  int error_number = 0;
  ssize_t got = 0;
  do {
    got = ::read(failure.get(), &error_number, sizeof error_number);
  } while (got < 0 && errno == EINTR);
  return got == static_cast<ssize_t>(sizeof error_number) ? error_number : 0;
}

}  // namespace longtake
