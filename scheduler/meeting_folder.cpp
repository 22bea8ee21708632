#include "scheduler/meeting_folder.h"

#include <filesystem>
#include <random>

namespace longtake {
namespace {

constexpr const char* kBeginning = "/tmp/longtake-meet-";
constexpr std::size_t kLetters = 20;  // of 32 kinds: 100 bits

std::string random_letters() {
  constexpr const char* kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::random_device device;  // the kernel's
  std::string letters;
  while (letters.size() < kLetters) letters += kAlphabet[device() % 32];
  return letters;
}

}  // namespace

MeetingFolder::MeetingFolder() : path_(kBeginning + random_letters()) {}

MeetingFolder::~MeetingFolder() { remove_meeting_folder(path_); }

void remove_meeting_folder(const std::string& path) {
  const std::string beginning = kBeginning;
  const bool is_ours = path.size() == beginning.size() + kLetters && path.rfind(beginning, 0) == 0 &&
                       path.find('/', beginning.size()) == std::string::npos;
  std::error_code none;
  if (is_ours) std::filesystem::remove_all(path, none);
}

}  // namespace longtake
