#pragma once

#include <filesystem>
#include <string>
#include <string_view>

/// Files that are either absent or complete, also after a power cut: write under `path`.part,
/// fsync, rename, fsync the folder. Every function throws Error{Io} or Error{DiskFull} naming the path.
namespace longtake {

/// The name a file has while it is written: `path` + ".part", in the same folder. `writer` goes between
/// them where several processes may, after a fault, be writing the same file: "a.mp4.attempt-7.part".
std::filesystem::path part_path(const std::filesystem::path& path, const std::string& writer = "");

/// Removes all partial files in `folder` that can be removed: what killed writers left. Throws nothing.
void remove_part_files(const std::filesystem::path& folder);

/// Data and metadata of an existing file or folder are on the disk when this returns.
void sync_to_disk(const std::filesystem::path& path);

/// `part` becomes `path`, durably: fsync of the file, rename, fsync of the folder.
void commit_part(const std::filesystem::path& part, const std::filesystem::path& path);

/// Who may read the file: everyone (0644, whatever the umask), or its owner alone (0600, for keys).
enum class Readers { Everyone, Owner };

/// The whole of `bytes` becomes the durable content of `path`, replacing what was there. Its partial
/// file has a name of its own (`path`.XXXXXX.part): any number of processes may write the same path.
void write_durably(const std::filesystem::path& path, std::string_view bytes,
                   Readers readers = Readers::Everyone);

}  // namespace longtake
