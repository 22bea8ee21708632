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

TEST(ContentHash, SamplesLargeFilesOnly) {
  const test::TempFolder folder;
  std::string bytes(40 << 20, 'x');
  test::write_bytes(folder / "large", bytes);
  const std::string before = sampled_sha256_of_file(folder / "large");
  EXPECT_NE(before, sha256_of_file(folder / "large"));
  const std::size_t gap = bytes.size() / 512;  // wider than a piece, narrower than their distance
  for (const std::size_t at : {std::size_t{0}, bytes.size() / 2 - gap, bytes.size() - 1}) {
    std::string other = bytes;
    std::fill_n(other.begin() + static_cast<std::ptrdiff_t>(at), std::min(2 * gap, other.size() - at), 'y');
    test::write_bytes(folder / "other", other);
    EXPECT_NE(sampled_sha256_of_file(folder / "other"), before) << at;
  }
  test::write_bytes(folder / "longer", bytes + "x");
  EXPECT_NE(sampled_sha256_of_file(folder / "longer"), before);
  test::write_bytes(folder / "small", "abc");
  EXPECT_EQ(sampled_sha256_of_file(folder / "small"), sha256_of_text("abc"));
}

TEST(ContentHash, NamesAFileThatIsMissing) {
  EXPECT_NE(test::error_of(ErrorKind::Io, [] { sha256_of_file("/nowhere/at/all"); }).find("/nowhere/at/all"),
            std::string::npos);
}

}  // namespace
}  // namespace longtake
