#include "storage/database.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "jobs/error.h"
#include "storage/job_store.h"
#include "tests/storage/small_disk.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

constexpr fs::perms kRead = fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
constexpr fs::perms kReadAndEnter =
    kRead | fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;

class DatabaseFile : public testing::Test {
 protected:
  /// How open_exclusively refuses the file.
  Error refusal() const {
    return refusal_of([this] { open_exclusively(file_, 0); });
  }
  Error refusal_to_read() const {
    return refusal_of([this] { open_read_only(file_); });
  }

  template <class Action>
  static Error refusal_of(Action action) {
    try {
      action();
    } catch (const Error& e) {
      EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos) << "one line";
      return e;
    }
    ADD_FAILURE() << "the file was opened";
    return {ErrorKind::Bug, ""};
  }

  void write_other_database(const std::string& statements) const {
    SQLite::Database db(file_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec(statements);
  }

  std::string bytes() const {
    std::ifstream in(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  TestFolder folder_;
  fs::path file_ = folder_.path() / "longtake.db";
};

TEST_F(DatabaseFile, IsCreatedWithTablesAPersonCanRead) {
  const auto db = open_exclusively(file_, 0);
  for (const char* table : {"jobs", "ranges", "segments", "attempts", "ranks", "events", "run"}) {
    EXPECT_TRUE(db->tableExists(table)) << table;
  }
}

TEST_F(DatabaseFile, OnALocalDiskItSurvivesAPowerCutAtEveryCommit) {
  const auto db = open_exclusively(file_, 0);
  EXPECT_EQ(db->execAndGet("PRAGMA journal_mode").getString(), "wal");
  EXPECT_EQ(db->execAndGet("PRAGMA synchronous").getInt(), 2);
  EXPECT_EQ(db->execAndGet("PRAGMA foreign_keys").getInt(), 1);
  EXPECT_EQ(db->execAndGet("PRAGMA locking_mode").getString(), "exclusive");
}

TEST_F(DatabaseFile, ASecondOpenerIsRefusedWhileItIsOpenAndAdmittedAfter) {
  auto first = open_exclusively(file_, 0);
  EXPECT_EQ(refusal().kind(), ErrorKind::InvalidInput);
  EXPECT_THAT(refusal().what(), HasSubstr("longtake.db is in use by a running scheduler"));
  EXPECT_THAT(refusal_to_read().what(), HasSubstr("in use by a running scheduler"));
  first.reset();
  EXPECT_NE(open_exclusively(file_, 0), nullptr);
  EXPECT_NE(open_read_only(file_), nullptr);
}

TEST_F(DatabaseFile, ASecondOpenerWaitsForADyingPredecessor) {
  auto first = open_exclusively(file_, 0);
  std::thread dying([&first] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    first.reset();
  });
  EXPECT_NE(open_exclusively(file_, 60'000), nullptr);
  dying.join();
}

TEST_F(DatabaseFile, LeavesNothingBesideItWhenItIsClosed) {
  open_exclusively(file_, 0).reset();
  EXPECT_FALSE(fs::exists(file_.string() + "-wal"));
  EXPECT_FALSE(fs::exists(file_.string() + "-journal"));
}

TEST_F(DatabaseFile, ATextFileIsRefusedWithTheWayOut) {
  std::ofstream(file_) << std::string(5000, 'x');
  EXPECT_EQ(refusal().kind(), ErrorKind::InvalidInput);
  EXPECT_THAT(refusal().what(), AllOf(HasSubstr("is damaged"), HasSubstr("move it away")));
  EXPECT_EQ(refusal_to_read().kind(), ErrorKind::InvalidInput);
  EXPECT_TRUE(bytes() == std::string(5000, 'x'));
}

TEST_F(DatabaseFile, ADamagedFileIsRefusedWithTheWayOut) {
  {
    const auto db = open_exclusively(file_, 0);
    for (int i = 0; i < 500; ++i) {
      db->exec("INSERT INTO events(at, epoch, kind, text) VALUES('now', 1, 'run', '" + std::string(200, 'x') +
               "')");
    }
  }
  std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
  for (const int page : {12, 15, 20}) {
    file.seekp(page * 4096);
    file << std::string(4096, '\x7f');
  }
  file.close();
  EXPECT_EQ(refusal().kind(), ErrorKind::InvalidInput);
  EXPECT_THAT(refusal().what(), AllOf(HasSubstr("is damaged"), HasSubstr("move it away")));
}

TEST_F(DatabaseFile, ATornFileIsRefusedWithTheWayOut) {
  {
    const auto db = open_exclusively(file_, 0);
    for (int i = 0; i < 500; ++i)
      db->exec("INSERT INTO events(at, epoch, kind, text) VALUES('now', 1, 'run', 'x')");
  }
  fs::resize_file(file_, 3 * 4096);
  EXPECT_EQ(refusal().kind(), ErrorKind::InvalidInput);
  EXPECT_THAT(refusal().what(), HasSubstr("is damaged"));
}

TEST_F(DatabaseFile, AnotherProgramsDatabaseIsRefusedAndNotTouched) {
  write_other_database("CREATE TABLE customers(name TEXT)");
  const std::string before = bytes();
  EXPECT_EQ(refusal().kind(), ErrorKind::InvalidInput);
  EXPECT_THAT(refusal().what(), HasSubstr("not one of longtake's"));
  EXPECT_THAT(refusal_to_read().what(), HasSubstr("not one of longtake's"));
  EXPECT_TRUE(bytes() == before);
}

TEST_F(DatabaseFile, ANewerSchemaIsRefusedAndNotTouched) {
  open_exclusively(file_, 0).reset();
  write_other_database("PRAGMA user_version=99");
  const std::string before = bytes();
  EXPECT_EQ(refusal().kind(), ErrorKind::InvalidInput);
  EXPECT_THAT(refusal().what(), AllOf(HasSubstr("schema version 99"), HasSubstr("reads 3")));
  EXPECT_THAT(refusal_to_read().what(), HasSubstr("schema version 99"));
  EXPECT_TRUE(bytes() == before);
}

TEST_F(DatabaseFile, OneOfTheFirstSchemaIsBroughtUpToDate) {
  open_exclusively(file_, 0).reset();
  write_other_database(
      "DROP TABLE shortages; ALTER TABLE run DROP COLUMN progress; ALTER TABLE attempts DROP COLUMN ranks;"
      "ALTER TABLE attempts DROP COLUMN host; PRAGMA user_version=1;"
      "INSERT INTO run(schema_version, host, pid, profile, started_at) VALUES(1, 'node', 1, 'cpu', 'then')");
  EXPECT_THAT(refusal_to_read().what(), HasSubstr("longtake run brings it up to date"));
  const auto db = open_exclusively(file_, 0);
  EXPECT_EQ(db->execAndGet("PRAGMA user_version").getInt(), 3);
  EXPECT_EQ(db->execAndGet("SELECT progress FROM run").getInt(), 1) << "not held against it";
  EXPECT_TRUE(db->tableExists("shortages"));
}

TEST_F(DatabaseFile, OneOfTheSecondSchemaGetsTheTableOfANewOne) {
  const auto columns = [](SQLite::Database& db) {
    return db
        .execAndGet("SELECT group_concat(name||type||\"notnull\"||pk) FROM pragma_table_info('shortages')")
        .getString();
  };
  const std::string wanted = columns(*open_exclusively(file_, 0));
  write_other_database("DROP TABLE shortages; PRAGMA user_version=2");
  EXPECT_EQ(columns(*open_exclusively(file_, 0)), wanted);
}

TEST_F(DatabaseFile, AnEmptyFileBecomesADatabase) {
  std::ofstream{file_};
  EXPECT_EQ(refusal_to_read().kind(), ErrorKind::InvalidInput);
  EXPECT_THAT(refusal_to_read().what(), HasSubstr("no longtake run was here"));
  EXPECT_TRUE(open_exclusively(file_, 0)->tableExists("run"));
}

TEST_F(DatabaseFile, ReadingWhereNoRunWasSaysSo) {
  EXPECT_EQ(refusal_to_read().kind(), ErrorKind::InvalidInput);
  EXPECT_THAT(refusal_to_read().what(), HasSubstr("no longtake run was here"));
  EXPECT_FALSE(fs::exists(file_));
}

TEST_F(DatabaseFile, AReadOnlyFolderIsRefusedWithTheWayOut) {
  fs::permissions(folder_.path(), kReadAndEnter);
  const WithoutRoot nobody;
  EXPECT_EQ(refusal().kind(), ErrorKind::InvalidInput);
  EXPECT_THAT(refusal().what(), AllOf(HasSubstr("must be writable"), HasSubstr("--work-dir")));
}

TEST_F(DatabaseFile, AReadOnlyFileIsRefusedWithTheWayOut) {
  open_exclusively(file_, 0).reset();
  fs::permissions(file_, kRead);
  const WithoutRoot nobody;
  EXPECT_EQ(refusal().kind(), ErrorKind::InvalidInput);
  EXPECT_THAT(refusal().what(), AllOf(HasSubstr("must be writable"), HasSubstr("--work-dir")));
}

TEST_F(DatabaseFile, ReadingInAReadOnlyFolderIsRefusedWithTheReason) {
  open_exclusively(file_, 0).reset();
  fs::permissions(folder_.path(), kReadAndEnter);
  const WithoutRoot nobody;
  EXPECT_EQ(refusal_to_read().kind(), ErrorKind::InvalidInput);
  EXPECT_THAT(refusal_to_read().what(), HasSubstr("must be writable"));
}

TEST_F(DatabaseFile, AMissingFolderIsRefusedWithTheWayOut) {
  file_ = folder_.path() / "no" / "longtake.db";
  EXPECT_EQ(refusal().kind(), ErrorKind::InvalidInput);
  EXPECT_THAT(refusal().what(), HasSubstr("no/longtake.db"));
}

TEST_F(DatabaseFile, ADiskThatIsFullFromTheStartIsNamed) {
  SmallDisk disk(16 * 1024);
  file_ = disk.path() / "longtake.db";
  EXPECT_EQ(refusal().kind(), ErrorKind::DiskFull);
  EXPECT_THAT(refusal().what(), HasSubstr("no room"));
  disk.make_room(4 * 1024 * 1024);
  EXPECT_NE(open_exclusively(file_, 0), nullptr);
}

TEST(Database, TheTemporaryFolderIsLocal) {
  EXPECT_FALSE(is_on_network_file_system(fs::temp_directory_path()));
  EXPECT_FALSE(is_on_network_file_system(""));
}

TEST_F(DatabaseFile, AReaderWaitsForASchedulerThatIsEnding) {
  auto scheduler = open_exclusively(file_, 0);
  std::thread ending([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    scheduler.reset();
  });
  EXPECT_NO_THROW(open_read_only(file_));
  ending.join();
}

}  // namespace
}  // namespace longtake
