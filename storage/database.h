#pragma once

#include <filesystem>
#include <memory>

namespace SQLite {
class Database;
}

namespace longtake {

/// The running scheduler's connection: nobody else can open the file while this lives. Creates and
/// migrates the schema. Waits at most `patience_ms` for a predecessor that is still dying.
/// WAL + synchronous=FULL on a local disk; DELETE + EXTRA on a network file system, where WAL's shared
/// memory does not work. Throws Error{InvalidInput} when the file is not ours, damaged or locked.
std::unique_ptr<SQLite::Database> open_exclusively(const std::filesystem::path& file, int patience_ms);

/// For readers when no scheduler runs. Throws Error{InvalidInput} when the file is missing, damaged or
/// locked.
std::unique_ptr<SQLite::Database> open_read_only(const std::filesystem::path& file);

/// NFS, CIFS, Lustre, GPFS, FUSE and the like, told by statfs(2).
bool is_on_network_file_system(const std::filesystem::path& folder);

}  // namespace longtake
