#include "storage/durable_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "jobs/error.h"
#include "tests/storage/small_disk.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Nothing else may be there: a forgotten part has a name of its own.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

template <class Action>
Error error_of(Action action) {
  try {
    action();
  } catch (const Error& e) {
    return e;
  }
  ADD_FAILURE() << "no Error was thrown";
  return {ErrorKind::Bug, ""};
}

TEST(DurableFile, ThePartIsInTheSameFolderAndMayNameItsWriter) {
  EXPECT_EQ(part_path("/a/b.mp4"), "/a/b.mp4.part");
  EXPECT_EQ(part_path("/a/b.mp4", "attempt-7"), "/a/b.mp4.attempt-7.part");
}

TEST(DurableFile, WritesTheWholeTextAndLeavesNoPart) {
  const TestFolder folder;
  const fs::path path = folder.path() / "a.json";
  const std::string text(100'000, 'x');
  write_durably(path, text);
  EXPECT_EQ(text_of(path), text);
  EXPECT_THAT(names_in(folder.path()), ElementsAre("a.json"));
}

TEST(DurableFile, RemovesPartsAndNothingElse) {
  const TestFolder folder;
  write_durably(folder.path() / "a.mp4", "whole");
  std::ofstream(part_path(folder.path() / "a.mp4")) << "half";
  std::ofstream(part_path(folder.path() / "b.mp4", "attempt-7")) << "half";
  remove_part_files(folder.path());
  remove_part_files(folder.path() / "not there");
  EXPECT_THAT(names_in(folder.path()), ElementsAre("a.mp4"));
}

TEST(DurableFile, ReplacesWhatWasThere) {
  const TestFolder folder;
  const fs::path path = folder.path() / "a.json";
  write_durably(path, "a longer first text");
  write_durably(path, "second");
  EXPECT_EQ(text_of(path), "second");
}

TEST(DurableFile, AnOldPartDoesNotShineThrough) {
  const TestFolder folder;
  const fs::path path = folder.path() / "a.json";
  std::ofstream(part_path(path)) << "left behind by a process that was killed, and longer";
  write_durably(path, "new");
  EXPECT_EQ(text_of(path), "new");
}

TEST(DurableFile, AReaderSeesTheOldOrTheNewTextAndNeverAMixture) {
  const TestFolder folder;
  const fs::path path = folder.path() / "a.json";
  write_durably(path, "old");
  std::ifstream reader(path);
  write_durably(path, "new and longer");
  std::string seen;
  std::getline(reader, seen);
  EXPECT_EQ(seen, "old");
  EXPECT_EQ(text_of(path), "new and longer");
}

TEST(DurableFile, CommitPartGivesTheFinalNameToWhatWasWritten) {
  const TestFolder folder;
  const fs::path path = folder.path() / "film.mp4";
  std::ofstream(part_path(path)) << "frames";
  commit_part(part_path(path), path);
  EXPECT_EQ(text_of(path), "frames");
  EXPECT_THAT(names_in(folder.path()), ElementsAre("film.mp4"));
}

TEST(DurableFile, CommitWithoutAPartNamesThePart) {
  const TestFolder folder;
  const Error e = error_of([&] {
    const fs::path path = folder.path() / "film.mp4";
    commit_part(part_path(path), path);
  });
  EXPECT_EQ(e.kind(), ErrorKind::Io);
  EXPECT_THAT(e.what(), HasSubstr("film.mp4.part"));
}

class DurableFileDisk : public testing::TestWithParam<Full> {};

TEST_P(DurableFileDisk, WithoutRoomRemovesThePartAndKeepsTheOldText) {
  SmallDisk disk(64 * 1024, GetParam());
  const fs::path path = disk.path() / "a.json";
  write_durably(path, "old");
  const Error e = error_of([&] { write_durably(path, std::string(1024 * 1024, 'x')); });
  EXPECT_EQ(e.kind(), ErrorKind::DiskFull);
  EXPECT_THAT(e.what(), HasSubstr(path.string()));
  EXPECT_EQ(text_of(path), "old");
  EXPECT_THAT(names_in(disk.path()), ElementsAre("a.json"));
}

INSTANTIATE_TEST_SUITE_P(DurableFile, DurableFileDisk, testing::Values(Full::Disk, Full::Limit),
                         [](const auto& full) {
                           return std::string(full.param == Full::Disk ? "Disk" : "Limit");
                         });

TEST(DurableFile, ANameThatCannotBeTakenLeavesNoPart) {
  const TestFolder folder;
  const fs::path path = folder.path() / "taken";
  fs::create_directories(path / "inside");
  EXPECT_EQ(error_of([&] { write_durably(path, "text"); }).kind(), ErrorKind::Io);
  EXPECT_THAT(names_in(folder.path()), ElementsAre("taken"));
}

TEST(DurableFile, AMissingFolderIsNamed) {
  const TestFolder folder;
  const Error e = error_of([&] { write_durably(folder.path() / "no/a.json", "text"); });
  EXPECT_EQ(e.kind(), ErrorKind::Io);
  EXPECT_THAT(e.what(), HasSubstr("no/a.json"));
}

mode_t mode_of(const fs::path& path) {
  struct stat facts {};
  EXPECT_EQ(::stat(path.c_str(), &facts), 0);
  return facts.st_mode & 0777;
}

TEST(DurableFile, OtherFilesAreReadableByEveryoneWhateverTheUmask) {
  const TestFolder folder;
  const mode_t before = ::umask(0077);
  write_durably(folder.path() / "report.json", "{}");
  ::umask(before);
  EXPECT_EQ(mode_of(folder.path() / "report.json"), 0644U);
}

TEST(DurableFile, KeysAreReadableByTheirOwnerAlone) {
  const TestFolder folder;
  write_durably(folder.path() / "scheduler.json", "keys", Readers::Owner);
  EXPECT_EQ(mode_of(folder.path() / "scheduler.json"), 0600U);
}

TEST(DurableFile, KeysAreReadableByTheirOwnerAloneEvenOverAnOldPart) {
  const TestFolder folder;
  const fs::path path = folder.path() / "scheduler.json";
  std::ofstream(part_path(path)) << "old";
  fs::permissions(part_path(path), fs::perms::all);
  write_durably(path, "keys", Readers::Owner);
  EXPECT_EQ(mode_of(path), 0600U);
}

}  // namespace
}  // namespace longtake
