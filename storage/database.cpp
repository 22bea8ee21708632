#include "storage/database.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "jobs/error.h"
#include "storage/schema_text.h"
#include "storage/sqlite_errors.h"

namespace longtake {
namespace {

constexpr int kSchemaVersion = 3;
/// A scheduler that ends takes scheduler.json away first and gives the lock back a moment later.
constexpr int kReaderPatience_ms = 3000;
constexpr int kApplicationId = 0x4c4f4e47;  // "LONG": PRAGMA application_id of our files

int integer_pragma(SQLite::Database& db, const std::string& name) {
  return db.execAndGet("PRAGMA " + name).getInt();
}

void check_integrity(SQLite::Database& db, const std::filesystem::path& file) {
  std::string verdict = db.execAndGet("PRAGMA quick_check(1)").getString();
  if (verdict == "ok") return;
  std::replace(verdict.begin(), verdict.end(), '\n', ' ');
  throw Error(ErrorKind::InvalidInput,
              file.string() + " is damaged (" + verdict +
                  "): move it away to start over; finished segments in jobs/ are found "
                  "again and kept");
}

void check_version(SQLite::Database& db, const std::filesystem::path& file) {
  const int version = integer_pragma(db, "user_version");
  if (integer_pragma(db, "application_id") != kApplicationId) {
    throw Error(ErrorKind::InvalidInput, file.string() + " is a database, but not one of longtake's");
  }
  if (version == kSchemaVersion) return;
  const bool is_older = version < kSchemaVersion;
  throw Error(ErrorKind::InvalidInput, file.string() + " has schema version " + std::to_string(version) +
                                           ", this longtake reads " + std::to_string(kSchemaVersion) +
                                           (is_older ? ": longtake run brings it up to date" : ""));
}

/// As a longtake left it that did not count progress.
void migrate_from_1(SQLite::Database& db) {
  db.exec("ALTER TABLE run ADD COLUMN progress INTEGER NOT NULL DEFAULT 0");
  db.exec("ALTER TABLE attempts ADD COLUMN ranks TEXT");
  db.exec("ALTER TABLE attempts ADD COLUMN host TEXT");
  // What an earlier longtake ended is not held against it.
  db.exec("UPDATE run SET progress=1");
}

/// As a longtake left it that forgot at its end for what there was too little memory.
void migrate_from_2(SQLite::Database& db) {
  db.exec(
      "CREATE TABLE shortages (id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL REFERENCES jobs(id), "
      "epoch INTEGER NOT NULL REFERENCES run(epoch), layout TEXT NOT NULL, height INTEGER NOT NULL, "
      "width INTEGER NOT NULL, predicted_bytes INTEGER NOT NULL, at TEXT NOT NULL)");
}

void migrate(SQLite::Database& db) {
  if (integer_pragma(db, "application_id") != kApplicationId) return;
  const int version = integer_pragma(db, "user_version");
  if (version != 1 && version != 2) return;
  SQLite::Transaction transaction(db);
  if (version == 1) migrate_from_1(db);
  migrate_from_2(db);
  db.exec("PRAGMA user_version=" + std::to_string(kSchemaVersion));
  transaction.commit();
}

bool is_empty(SQLite::Database& db) {
  return db.execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0;
}

void create_schema(SQLite::Database& db) {
  SQLite::Transaction transaction(db);
  db.exec(kSchemaText);
  db.exec("PRAGMA application_id=" + std::to_string(kApplicationId));
  db.exec("PRAGMA user_version=" + std::to_string(kSchemaVersion));
  transaction.commit();
}

void choose_durability(SQLite::Database& db, const std::filesystem::path& file) {
  const bool is_remote = is_on_network_file_system(file.parent_path());
  db.execAndGet(is_remote ? "PRAGMA journal_mode=DELETE" : "PRAGMA journal_mode=WAL");
  db.exec(is_remote ? "PRAGMA synchronous=EXTRA" : "PRAGMA synchronous=FULL");
}

/// `file` as SQLite's "nobody changes it": without that it refuses a WAL database on a read-only disk, where
/// it cannot make the files beside it.
std::string immutable_uri(const std::filesystem::path& file) {
  std::string uri = "file:";
  for (const char c : file.string()) {
    switch (c) {
      case '%':
        uri += "%25";
        break;
      case '?':
        uri += "%3f";
        break;
      case '#':
        uri += "%23";
        break;
      default:
        uri += c;
    }
  }
  return uri + "?immutable=1";
}

std::unique_ptr<SQLite::Database> open_to_read(const std::filesystem::path& file) {
  const bool is_on_read_only_disk = ::access(file.c_str(), W_OK) != 0 && errno == EROFS;
  if (is_on_read_only_disk) {
    return std::make_unique<SQLite::Database>(immutable_uri(file), SQLite::OPEN_READONLY | SQLite::OPEN_URI);
  }
  return std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READONLY, kReaderPatience_ms);
}

}  // namespace

std::unique_ptr<SQLite::Database> open_exclusively(const std::filesystem::path& file, int patience_ms) {
  return with_sqlite_errors(file, [&] {
    auto db = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE,
                                                 patience_ms);
    if (sqlite3_db_readonly(db->getHandle(), "main") == 1) {  // SQLite's way out when it may not write
      throw SQLite::Exception("the file is read-only", SQLITE_READONLY);
    }
    // Before journal_mode: in exclusive mode SQLite keeps the WAL index on the heap, and no second
    // connection can exist, which is also what Debian's SQLite 3.40 needs (WAL-reset bug until 3.51.3).
    db->execAndGet("PRAGMA locking_mode=EXCLUSIVE");
    db->exec("BEGIN EXCLUSIVE; COMMIT");  // takes the lock now, not at the first write
    const bool is_new = is_empty(*db);
    if (!is_new) {  // a file that is not ours is not touched
      check_integrity(*db, file);
      migrate(*db);
      check_version(*db, file);
    }
    choose_durability(*db, file);
    if (is_new) create_schema(*db);
    db->exec("PRAGMA foreign_keys=ON");
    return db;
  });
}

std::unique_ptr<SQLite::Database> open_read_only(const std::filesystem::path& file) {
  std::error_code unknown;  // SQLite tells more about a file that cannot even be looked for
  if (!std::filesystem::exists(file, unknown) && !unknown) {
    throw Error(ErrorKind::InvalidInput, "no longtake run was here: " + file.string() + " does not exist");
  }
  return with_sqlite_errors(file, [&] {
    auto db = open_to_read(file);
    if (is_empty(*db)) {  // its run ended before it had made the tables
      throw Error(ErrorKind::InvalidInput, "no longtake run was here: " + file.string() + " is empty");
    }
    check_version(*db, file);
    return db;
  });
}

bool is_on_network_file_system(const std::filesystem::path& folder) {
  // Magic numbers of statfs(2): NFS, CIFS, SMB2, Lustre, GPFS, FUSE, Ceph, AFS, 9P, BeeGFS.
  constexpr std::array<std::uint32_t, 10> kRemote = {0x6969,     0xff534d42, 0xfe534d42, 0x0bd00bd0,
                                                     0x47504653, 0x65735546, 0x00c36400, 0x5346414f,
                                                     0x01021997, 0x19830326};
  struct statfs facts {};
  if (::statfs(folder.empty() ? "." : folder.c_str(), &facts) != 0) return false;
  const auto magic = static_cast<std::uint32_t>(facts.f_type);
  for (const std::uint32_t remote : kRemote) {
    if (magic == remote) return true;
  }
  return false;
}

}  // namespace longtake
