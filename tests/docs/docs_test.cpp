// Keeps the pages true: what they name is compared with the sources that decide it.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "jobs/engine_protocol.h"
#include "jobs/messages.h"
#include "scheduler/doctor/examination.h"
#include "scheduler/film_report.h"
#include "scheduler/run_status.h"
#include "scheduler/simulation/night_text.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const fs::path kRoot = LONGTAKE_SOURCE_DIR;

std::string read(const fs::path& path) {
  std::ifstream file(kRoot / path);
  EXPECT_TRUE(file) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The first group of every match of `pattern`.
std::set<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it) found.insert((*it)[1]);
  return found;
}

/// Those of `words` that `page` does not show as code.
std::vector<std::string> missing(const std::set<std::string>& words, const std::string& page) {
  std::vector<std::string> absent;
  for (const std::string& word : words) {
    const bool is_shown = page.find("`" + word + "`") != std::string::npos ||
                          page.find("\"" + word + "\"") != std::string::npos;
    if (!is_shown) absent.push_back(word);
  }
  return absent;
}

std::set<std::string> keys_of(const nlohmann::json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

std::set<std::string> stems_in(const fs::path& folder) {
  std::set<std::string> stems;
  for (const auto& entry : fs::directory_iterator(kRoot / folder)) {
    if (entry.path().extension() == ".yaml") stems.insert(entry.path().stem().string());
  }
  return stems;
}

/// Every page of ours, relative to the root.
std::vector<fs::path> pages() {
  std::vector<fs::path> found;
  for (fs::recursive_directory_iterator it(kRoot), end; it != end; ++it) {
    const std::string name = it->path().filename().string();
    const bool is_ours = name[0] != '.' && name != "build" && name != "longtake-work";
    if (it->is_directory() && !is_ours) it.disable_recursion_pending();
    if (it->path().extension() == ".md") found.push_back(it->path().lexically_relative(kRoot));
  }
  return found;
}

/// All `names` in code quotes.
std::set<std::string> quoted(const std::string& text) { return matches(text, "`([^`]+)`"); }

using Arrows = std::map<std::string, std::set<std::string>>;

TEST(Architecture, HasTheArrowsThatTheTestOfTheLayersHolds) {
  const std::string table = read("tests/layering/layering.cpp");
  const std::regex arrow(R"re(\{"([\w/]+)",\s*\{([^}]*)\}\})re");
  Arrows held;
  for (std::sregex_iterator it(table.begin(), table.end(), arrow), end; it != end; ++it) {
    held[(*it)[1]] = matches((*it)[2], R"re("([^"]+)")re");
  }
  EXPECT_THAT(held, SizeIs(::testing::Gt(20U)));
  const std::string page = read("docs/ARCHITECTURE.md");
  const std::regex row(R"re(\n\| (`[\w/`, ]+`) \| ([\w/`, ]*)\|(?=\n))re");
  Arrows shown;
  for (std::sregex_iterator it(page.begin(), page.end(), row), end; it != end; ++it) {
    for (const std::string& folder : quoted((*it)[1])) shown[folder] = quoted((*it)[2]);
  }
  EXPECT_EQ(shown, held);
}

TEST(Formats, NameEveryKeyOfAJobFile) {
  // Every reader of a key is called read_... or is a member of the document.
  const std::string readers = read("jobs/job_spec.cpp") + read("jobs/job_settings.cpp");
  const auto keys = matches(readers, R"re((?:yaml(?:\.|->)\w+|read_\w+)\([^()"]*"(\w+)")re");
  EXPECT_THAT(keys, ::testing::IsSupersetOf({"name", "lora", "priority", "size", "on_oom", "segment_clips"}));
  EXPECT_THAT(missing(keys, read("docs/formats.md")), IsEmpty());
}

TEST(Formats, NameEveryKeyOfAProfile) {
  const auto keys = matches(read("scheduler/planner/profile.cpp"),
                            R"re((?:(?:yaml|limits|facts)(?:\.|->)\w+|read_\w+)\([^()"]*"(\w+)")re");
  EXPECT_THAT(
      keys, ::testing::IsSupersetOf({"device", "timeouts", "load_s", "account", "link", "nccl_environment"}));
  EXPECT_THAT(missing(keys, read("docs/formats.md")), IsEmpty());
}

TEST(Formats, NameEveryProfileAndPreset) {
  EXPECT_THAT(missing(stems_in("configs/profiles"), read("docs/formats.md")), IsEmpty());
  EXPECT_THAT(missing(stems_in("configs/presets"), read("docs/formats.md")), IsEmpty());
}

TEST(Formats, NameEveryTableAndColumn) {
  const std::string schema = read("storage/schema.sql");
  const auto tables = matches(schema, R"(CREATE TABLE (\w+))");
  const auto columns = matches(schema, R"(\n  ([a-z_]+) )");
  EXPECT_THAT(tables, SizeIs(8));
  EXPECT_THAT(columns, SizeIs(::testing::Gt(30U)));
  EXPECT_THAT(missing(tables, read("docs/formats.md")), IsEmpty());
  EXPECT_THAT(missing(columns, read("docs/formats.md")), IsEmpty());
}

TEST(Formats, NameEveryStateOfATable) {
  const auto states = matches(read("jobs/states.cpp"), R"re("([a-z]+)"[,}])re");
  EXPECT_THAT(states, ::testing::IsSupersetOf({"pending", "joining", "lost", "blocked"}));
  EXPECT_THAT(missing(states, read("docs/formats.md")), IsEmpty());
}

TEST(Formats, ShowEveryMessage) {
  const auto types =
      matches(read("jobs/engine_protocol.cpp") + read("jobs/messages.cpp"), R"re(value = "(\w+)")re");
  EXPECT_THAT(types, SizeIs(24));
  const auto shown = matches(read("docs/formats.md"), R"re("type":"(\w+)")re");
  EXPECT_EQ(shown, types);
}

/// Whether `line` is what we write for the message that it holds.
bool is_as_written(const std::string& line) {
  const std::vector<std::function<std::string()>> ways = {
      [&] { return encode(decode_engine_order(line)); },
      [&] { return encode(decode_engine_report(line)); },
      [&] { return encode(decode_rank_message(line)); },
      [&] { return encode(decode_scheduler_message(line)); },
      [&] { return encode(decode_watcher_request(line)); },
  };
  return std::any_of(ways.begin(), ways.end(), [&](const auto& way) {
    try {
      return way() == line;
    } catch (const Error&) {
      return false;
    }
  });
}

TEST(Formats, ShowMessagesAsTheyAreWritten) {
  for (const std::string& line : matches(read("docs/formats.md"), R"re(\n(\{.*"type":".*\}))re")) {
    EXPECT_TRUE(is_as_written(line)) << line;
  }
}

TEST(Formats, ShowEveryKeyOfAReport) {
  EXPECT_THAT(missing(keys_of(make_film_report({})), read("docs/formats.md")), IsEmpty());
}

TEST(Formats, NameEveryKeyOfAStatus) {
  EXPECT_THAT(missing(keys_of(nlohmann::json(RunStatus())), read("docs/formats.md")), IsEmpty());
}

TEST(Formats, NameEveryCheckOfTheDoctor) {
  std::set<std::string> names;
  for (const Finding& finding : examine({}, {})) names.insert(finding.name);
  EXPECT_THAT(names, SizeIs(::testing::Gt(10U)));
  EXPECT_THAT(missing(names, read("docs/formats.md")), IsEmpty());
  EXPECT_THAT(missing(names, read("docs/failures.md")), IsEmpty());
}

TEST(Formats, NameEveryKeyOfASimulatedNight) {
  EXPECT_THAT(missing(keys_of(to_json(NightResult())), read("docs/formats.md")), IsEmpty());
}

TEST(Failures, NameEveryErrorKind) {
  const auto kinds = matches(read("jobs/error.cpp"), R"re(ErrorKind::\w+, "(\w+)")re");
  EXPECT_THAT(kinds, SizeIs(7));
  EXPECT_THAT(missing(kinds, read("docs/failures.md")), IsEmpty());
}

/// Every "Suite.Name" of our tests.
std::set<std::string> all_tests() {
  std::set<std::string> tests;
  const std::regex test(R"(\nTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\))");
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "tests")) {
    if (entry.path().extension() != ".cpp") continue;
    const std::string source = read(entry.path().lexically_relative(kRoot));
    for (std::sregex_iterator it(source.begin(), source.end(), test), end; it != end; ++it) {
      tests.insert((*it)[1].str() + "." + (*it)[2].str());
    }
  }
  return tests;
}

TEST(Failures, NameTestsThatAreThere) {
  const auto named = matches(read("docs/failures.md"), R"(`([A-Z]\w+\.[A-Z]\w+)`)");
  EXPECT_THAT(named, SizeIs(::testing::Gt(10U)));
  const std::set<std::string> tests = all_tests();
  for (const std::string& test : named) EXPECT_EQ(tests.count(test), 1U) << test;
}

TEST(Readme, NamesEveryCommand) {
  const auto commands = matches(read("scheduler/cli/program.cpp"), R"re(add\(\s*"(\w+)")re");
  EXPECT_THAT(commands,
              ::testing::IsSupersetOf({"run", "plan", "check", "status", "explain", "redo", "drain"}));
  const std::string page = read("README.md");
  for (const std::string& command : commands) {
    EXPECT_THAT(page, ::testing::HasSubstr("longtake " + command)) << command;
  }
}

TEST(TinyModel, HasEveryFigureOfItsEvaluation) {
  const auto figures = matches(read("rank/trainer/evaluation/page.py"), R"re(\n    \("\w+", "([^"]+)", ")re");
  EXPECT_THAT(figures, SizeIs(::testing::Ge(10U)));
  const std::string page = read("docs/tiny-model.md");
  for (const std::string& figure : figures) EXPECT_THAT(page, ::testing::HasSubstr("| " + figure + " |"));
}

TEST(Pages, LinkToWhatIsThere) {
  EXPECT_THAT(pages(), SizeIs(::testing::Gt(5U)));
  for (const fs::path& page : pages()) {
    for (const std::string& link : matches(read(page), R"(\]\(([^)#\s]+)(?:#[^)]*)?\))")) {
      if (link.rfind("http", 0) == 0) continue;
      EXPECT_TRUE(fs::exists(kRoot / page.parent_path() / link)) << page << " links to " << link;
    }
  }
}

TEST(Pages, EveryDecisionIsListed) {
  const std::string list = read("docs/decisions/README.md");
  for (const auto& entry : fs::directory_iterator(kRoot / "docs/decisions")) {
    const std::string name = entry.path().filename().string();
    if (name == "README.md") continue;
    EXPECT_THAT(list, ::testing::HasSubstr("(" + name + ")"));
  }
}

}  // namespace
}  // namespace longtake
