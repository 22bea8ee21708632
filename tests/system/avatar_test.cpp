// Films of the model: real engines with a checkpoint of random weights, alone and in groups.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/system/support/attempts.h"
#include "tests/system/support/database.h"
#include "tests/system/support/files.h"
#include "tests/system/support/film.h"
#include "tests/system/support/process_tree.h"
#include "tests/system/support/project.h"
#include "tests/system/support/waiting.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

TEST(Avatar, Runs) {
  Project project;
  output_of({LONGTAKE_SMALL_CHECKPOINT_PROGRAM, project.file("model").string()});
}

}  // namespace
}  // namespace longtake
