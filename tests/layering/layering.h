#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace longtake {

/// A source or header; `path` is relative to the root of the tree, with '/'.
struct SourceFile {
  std::string path;
  std::string text;
};

/// The sources and headers of the folders that hold the product: jobs, storage, scheduler, rank.
std::vector<SourceFile> read_sources(const std::filesystem::path& root);

/// One line per broken rule, naming file, line and what would be right:
/// - a file includes only from its own folder and those its folder has an arrow to;
/// - includes of ours are full paths from the root;
/// - an outside library is included only in its home folder;
/// - no file is longer than 400 lines;
/// - every folder with sources has a row in the table of arrows.
std::vector<std::string> find_violations(const std::vector<SourceFile>& files);

}  // namespace longtake
