#include "tests/layering/layering.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

namespace longtake {
namespace {

constexpr int kLongestFile_lines = 400;

/// A -> B: files in A may include files of B. A folder always may include its own files.
const std::map<std::string, std::set<std::string>>& arrows() {
  static const std::map<std::string, std::set<std::string>> table = {
      {"jobs", {}},
      {"jobs/model", {"jobs"}},
      {"jobs/wire", {"jobs"}},
      {"storage", {"jobs"}},
      {"storage/media", {"jobs", "storage"}},
      {"scheduler/planner", {"jobs", "jobs/model"}},
      {"scheduler", {"jobs", "jobs/model", "jobs/wire", "storage", "storage/media", "scheduler/planner"}},
      {"scheduler/programs", {"jobs", "storage"}},
      {"scheduler/slurm", {"jobs", "scheduler/programs"}},
      {"scheduler/doctor", {"jobs", "storage", "scheduler/planner", "scheduler/programs"}},
      {"rank", {"jobs", "jobs/wire", "storage"}},
      {"rank/launch", {"jobs"}},
      {"rank/engine_side", {"jobs", "storage"}},
      {"rank/slate", {"jobs", "storage", "storage/media", "rank/engine_side"}},
      {"rank/engine", {"jobs", "storage"}},
      {"rank/engine/gpu", {"jobs", "rank/engine"}},
      {"rank/engine/kernels", {"jobs", "rank/engine", "rank/engine/devices"}},
      {"rank/engine/weights", {"jobs", "storage", "rank/engine"}},
      {"rank/engine/text", {"jobs", "storage", "rank/engine", "rank/engine/weights"}},
      {"rank/engine/tokenizer", {"jobs"}},
      {"rank/engine/audio", {"jobs", "storage", "rank/engine", "rank/engine/weights"}},
      {"rank/engine/transformer",
       {"jobs", "storage", "rank/engine", "rank/engine/weights", "rank/engine/kernels"}},
      {"rank/engine/vae", {"jobs", "storage", "rank/engine", "rank/engine/weights", "rank/engine/kernels"}},
      {"rank/engine/sampling", {"jobs", "storage", "rank/engine"}},
      {"rank/engine/nccl", {"jobs", "rank/engine", "rank/engine/devices"}},
      {"rank/engine/transport",
       {"jobs", "jobs/wire", "rank/engine", "rank/engine/devices", "rank/engine/nccl"}},
      {"rank/engine/pipeline",
       {"jobs", "storage", "storage/media", "rank/engine", "rank/engine/weights", "rank/engine/text",
        "rank/engine/audio", "rank/engine/transformer", "rank/engine/vae", "rank/engine/sampling",
        "rank/engine/transport"}},
      {"rank/engine/bench",
       {"jobs", "jobs/model", "storage", "rank/engine", "rank/engine/devices", "rank/engine/gpu",
        "rank/engine/kernels", "rank/engine/weights", "rank/engine/text", "rank/engine/audio",
        "rank/engine/transformer", "rank/engine/vae", "rank/engine/sampling", "rank/engine/pipeline"}},
      {"rank/engine/devices", {"jobs"}},
      {"rank/engine/liveavatar",
       {"jobs", "storage", "storage/media", "rank/engine_side", "rank/engine", "rank/engine/gpu",
        "rank/engine/weights", "rank/engine/text", "rank/engine/audio", "rank/engine/transformer",
        "rank/engine/vae", "rank/engine/sampling", "rank/engine/transport", "rank/engine/pipeline",
        "rank/engine/bench", "rank/engine/devices", "rank/engine/nccl"}},
      {"scheduler/rehearsal", {"jobs", "jobs/model", "storage", "scheduler/planner"}},
      {"scheduler/simulation", {"jobs", "jobs/model", "storage", "scheduler", "scheduler/planner"}},
      {"scheduler/cli",
       {"jobs", "jobs/model", "jobs/wire", "storage", "storage/media", "scheduler", "scheduler/planner",
        "scheduler/doctor", "scheduler/programs", "scheduler/slurm", "scheduler/rehearsal",
        "scheduler/simulation", "rank", "rank/launch"}},
  };
  return table;
}

struct Home {
  std::regex header;
  std::string folder;
  bool with_subfolders = false;
  std::string second_folder{};  ///< empty for most
};

/// The one folder (or tree) that may include an outside library. nlohmann-json and spdlog may be used
/// anywhere, CLI11 wherever a program has a command line.
const std::vector<Home>& homes() {
  static const std::vector<Home> table = {
      {std::regex("yaml-cpp/.*"), "jobs"},
      {std::regex("sqlite3\\.h|SQLiteCpp/.*"), "storage"},
      {std::regex("zmq.*\\.hp?p?"), "jobs/wire"},
      {std::regex("mpi\\.h"), "rank/launch"},
      {std::regex("lib(av|sw|postproc).*/.*"), "storage/media"},
      {std::regex("ft2build\\.h|freetype.*/.*"), "rank/slate"},
      {std::regex("CLI/.*"), "scheduler/cli", false, "rank/engine/bench"},
      {std::regex("(torch|ATen|c10|caffe2)/.*"), "rank/engine", true},
      {std::regex("((c10|ATen)/)?cuda.*|cublas.*"), "rank/engine/kernels", false, "rank/engine/gpu"},
      {std::regex("sentencepiece.*"), "rank/engine/tokenizer"},
      {std::regex("httplib\\.h"), "scheduler/web"},
  };
  return table;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

bool is_home(const Home& home, const std::string& folder) {
  return folder == home.folder || folder == home.second_folder ||
         (home.with_subfolders && folder.rfind(home.folder + "/", 0) == 0);
}

/// Why a file of `folder` may not include our own `header`, if so.
std::optional<std::string> problem_with_ours(const std::string& folder, const std::string& header) {
  const std::string target = folder_of(header);
  if (arrows().count(target) == 0) return "\"" + header + "\" is not a full path from the root";
  if (target == folder || arrows().at(folder).count(target) == 1) return std::nullopt;
  return "\"" + header + "\": there is no arrow from " + folder + " to " + target;
}

std::optional<std::string> problem_with_outside(const std::string& folder, const std::string& header) {
  for (const Home& home : homes()) {
    if (!std::regex_match(header, home.header) || is_home(home, folder)) continue;
    return "<" + header + "> belongs only in " + home.folder;
  }
  return std::nullopt;
}

void check_line(const SourceFile& file, int number, const std::string& line,
                std::vector<std::string>& violations) {
  static const std::regex include(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)");
  std::smatch match;
  if (!std::regex_match(line, match, include)) return;
  const std::string folder = folder_of(file.path);
  const std::string header = match[2];
  // The brackets do not matter for an outside library; for ours they must be quotes.
  std::optional<std::string> problem = problem_with_outside(folder, header);
  const bool is_ours = match[1] == "\"" || arrows().count(folder_of(header)) == 1;
  if (!problem && is_ours) problem = problem_with_ours(folder, header);
  if (problem) violations.push_back(file.path + ":" + std::to_string(number) + ": " + *problem);
}

void check_file(const SourceFile& file, std::vector<std::string>& violations) {
  if (arrows().count(folder_of(file.path)) == 0) {
    violations.push_back(file.path + ": its folder has no row in the table of arrows");
    return;
  }
  std::istringstream lines(file.text);
  std::string line;
  int number = 0;
  while (std::getline(lines, line)) check_line(file, ++number, line, violations);
  if (number > kLongestFile_lines) {
    violations.push_back(file.path + ": " + std::to_string(number) + " lines, at most " +
                         std::to_string(kLongestFile_lines) + " are allowed");
  }
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

std::vector<SourceFile> read_sources(const std::filesystem::path& root) {
  std::vector<SourceFile> files;
  for (const char* top : {"jobs", "storage", "scheduler", "rank"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp" && extension != ".cu" && extension != ".cuh") continue;
      files.push_back(
          {std::filesystem::relative(entry.path(), root).generic_string(), read_text(entry.path())});
    }
  }
  return files;
}

std::vector<std::string> find_violations(const std::vector<SourceFile>& files) {
  std::vector<std::string> violations;
  for (const SourceFile& file : files) check_file(file, violations);
  std::sort(violations.begin(), violations.end());
  return violations;
}

}  // namespace longtake
