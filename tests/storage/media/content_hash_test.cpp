#include "storage/media/content_hash.h"

#include <gtest/gtest.h>

#include "tests/storage/media/media_files.h"

namespace longtake {
namespace {

TEST(ContentHash, IsSha256) {
  EXPECT_EQ(sha256_of_text(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of_text("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(ContentHash, OfAFileIsThatOfItsContent) {
  const test::TempFolder folder;
  const std::string large(3'000'001, 'x');
  test::write_bytes(folder / "large", large);
  EXPECT_EQ(sha256_of_file(folder / "large"), sha256_of_text(large));
}

TEST(ContentHash, NamesAFileThatIsMissing) {
  EXPECT_NE(test::error_of(ErrorKind::Io, [] { sha256_of_file("/nowhere/at/all"); }).find("/nowhere/at/all"),
            std::string::npos);
}

}  // namespace
}  // namespace longtake
