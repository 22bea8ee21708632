#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "storage/media/film_join.h"
#include "storage/media/segment_writer.h"
#include "storage/media/sound_track.h"
#include "storage/media/speech.h"
#include "tests/storage/media/media_files.h"

namespace longtake {
namespace {

using test::error_of;
using test::TempFolder;
using ::testing::HasSubstr;

/// While it lives no file of this process may grow beyond `bytes`: writes fail as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_ = {};
};

constexpr FrameSize kSize = {64, 128};
constexpr rlim_t kLimitBytes = 10000;

TEST(DiskFull, IsSaidByWritersAndLeavesNoPart) {
  const TempFolder folder;
  test::write_wav(folder / "a.wav", test::sine(4, 16000), 16000);
  const FileSizeLimit limit(kLimitBytes);
  EXPECT_THAT(
      error_of(ErrorKind::DiskFull, [&] { write_speech(folder / "a.wav", folder / "speech.f32", true); }),
      HasSubstr("speech.f32.part"));
  EXPECT_THAT(error_of(ErrorKind::DiskFull,
                       [&] {
                         encode_sound(folder / "a.wav", {0, 64000}, 100, folder / "sound.mka");
                       }),
              HasSubstr("sound.mka.part"));
  EXPECT_THAT(error_of(ErrorKind::DiskFull,
                       [&] {
                         test::write_test_segment(folder / "s0.mp4", kSize, {0, 200});
                       }),
              HasSubstr("s0.mp4.part"));
  EXPECT_EQ(folder.files(), std::vector<std::string>{"a.wav"});
}

TEST(DiskFull, IsNotBlamedOnASegment) {
  const TempFolder folder;
  test::write_wav(folder / "a.wav", test::sine(4, 16000), 16000);
  JoinOrder order{{test::write_test_segment(folder / "s0.mp4", kSize, {0, 100})},
                  folder / "sound.mka",
                  folder / "film.mp4",
                  100,
                  kSize,
                  ""};
  encode_sound(folder / "a.wav", {0, 64000}, 100, order.sound);
  const FileSizeLimit limit(kLimitBytes);
  EXPECT_THAT(error_of(ErrorKind::DiskFull, [&] { join_film(order); }), HasSubstr("film.mp4.part"));
  EXPECT_EQ(folder.files(), (std::vector<std::string>{"a.wav", "s0.mp4", "sound.mka"}));
}

}  // namespace
}  // namespace longtake
