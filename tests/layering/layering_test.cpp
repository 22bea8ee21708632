#include "tests/layering/layering.h"

#include <gmock/gmock.h>

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> violations_of(const std::string& path, const std::string& text) {
  return find_violations({{path, text}});
}

TEST(Layering, TheTreeKeepsTheRules) {
  const std::vector<SourceFile> files = read_sources(LONGTAKE_SOURCE_DIR);
  EXPECT_THAT(files, SizeIs(testing::Gt(20U)));
  EXPECT_THAT(find_violations(files), IsEmpty());
}

TEST(Layering, AnIncludeAlongAnArrowIsAllowed) {
  EXPECT_THAT(violations_of("storage/a.cpp", "#include \"jobs/ids.h\"\n#include \"storage/b.h\"\n"),
              IsEmpty());
}

TEST(Layering, AnIncludeAgainstAnArrowIsNamedWithItsLine) {
  EXPECT_THAT(violations_of("jobs/a.h", "#pragma once\n#include \"storage/job_store.h\"\n"),
              ElementsAre("jobs/a.h:2: \"storage/job_store.h\": there is no arrow from jobs to storage"));
}

TEST(Layering, RankAndSchedulerDoNotKnowEachOther) {
  EXPECT_THAT(violations_of("rank/a.cpp", "#include \"scheduler/core.h\"\n"), SizeIs(1));
  EXPECT_THAT(violations_of("scheduler/a.cpp", "#include \"rank/rank_core.h\"\n"), SizeIs(1));
}

TEST(Layering, ASubfolderIsAFolderOfItsOwn) {
  EXPECT_THAT(violations_of("rank/a.cpp", "#include \"storage/media/image.h\"\n"), SizeIs(1));
  EXPECT_THAT(violations_of("jobs/a.cpp", "#include \"jobs/wire/control_socket.h\"\n"), SizeIs(1));
  EXPECT_THAT(violations_of("scheduler/cli/a.cpp", "#include \"rank/slate/slate.h\"\n"), SizeIs(1));
}

TEST(Layering, AnIncludeRelativeToTheFileIsRefused) {
  EXPECT_THAT(violations_of("jobs/a.cpp", "#include \"ids.h\"\n"),
              ElementsAre("jobs/a.cpp:1: \"ids.h\" is not a full path from the root"));
}

TEST(Layering, AngleBracketsDoNotHideAnIncludeOfOurs) {
  EXPECT_THAT(violations_of("jobs/a.cpp", "#  include <scheduler/core.h>\n"), SizeIs(1));
}

TEST(Layering, AFolderWithoutARowIsRefused) {
  EXPECT_THAT(violations_of("scheduler/extra/a.cpp", ""),
              ElementsAre("scheduler/extra/a.cpp: its folder has no row in the table of arrows"));
}

TEST(Layering, AFileOf400LinesIsAllowedAndOneMoreIsNot) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "//\n";
  EXPECT_THAT(violations_of("jobs/a.cpp", text), IsEmpty());
  EXPECT_THAT(violations_of("jobs/a.cpp", text + "//\n"),
              ElementsAre("jobs/a.cpp: 401 lines, at most 400 are allowed"));
}

TEST(Layering, StandardAndEverywhereHeadersAreFree) {
  EXPECT_THAT(
      violations_of("rank/a.cpp", "#include <vector>\n#include <nlohmann/json.hpp>\n#include <unistd.h>\n"),
      IsEmpty());
}

struct Library {
  std::string header;
  std::string home;
};

class OutsideLibrary : public testing::TestWithParam<Library> {};

TEST_P(OutsideLibrary, IsIncludedOnlyInItsHome) {
  const std::string text = "#include <" + GetParam().header + ">\n";
  EXPECT_THAT(violations_of(GetParam().home + "/a.cpp", text), IsEmpty());
  EXPECT_THAT(violations_of("scheduler/planner/a.cpp", text),
              ElementsAre("scheduler/planner/a.cpp:1: <" + GetParam().header + "> belongs only in " +
                          GetParam().home));
  const std::string quoted = "#include \"" + GetParam().header + "\"\n";
  EXPECT_THAT(violations_of("scheduler/planner/a.cpp", quoted), SizeIs(1));
}

INSTANTIATE_TEST_SUITE_P(
    Layering, OutsideLibrary,
    testing::Values(Library{"yaml-cpp/yaml.h", "jobs"}, Library{"sqlite3.h", "storage"},
                    Library{"SQLiteCpp/Database.h", "storage"}, Library{"zmq.h", "jobs/wire"},
                    Library{"zmq.hpp", "jobs/wire"}, Library{"zmq_addon.hpp", "jobs/wire"},
                    Library{"mpi.h", "rank/launch"}, Library{"libavformat/avformat.h", "storage/media"},
                    Library{"libswscale/swscale.h", "storage/media"}, Library{"ft2build.h", "rank/slate"},
                    Library{"freetype/freetype.h", "rank/slate"}, Library{"CLI/CLI.hpp", "scheduler/cli"},
                    Library{"ATen/ATen.h", "rank/engine"}, Library{"torch/version.h", "rank/engine"},
                    Library{"sentencepiece_processor.h", "rank/engine/tokenizer"}));

TEST(Layering, TheTensorLibraryIsAtHomeInTheWholeTreeOfTheEngine) {
  EXPECT_THAT(violations_of("rank/engine/weights/a.cpp", "#include <ATen/ATen.h>\n"), IsEmpty());
  EXPECT_THAT(violations_of("rank/engine_process.cpp", "#include <ATen/ATen.h>\n"), SizeIs(1));
}

TEST(Layering, TheWebServersLibraryHasNoPlaceYet) {
  EXPECT_THAT(violations_of("scheduler/cli/a.cpp", "#include <httplib.h>\n"),
              ElementsAre("scheduler/cli/a.cpp:1: <httplib.h> belongs only in scheduler/web"));
}

}  // namespace
}  // namespace longtake
