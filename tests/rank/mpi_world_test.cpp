#include "rank/launch/mpi_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <sstream>

#include "rank/launch/mpirun_command.h"

namespace longtake {
namespace {

using testing::IsSupersetOf;
using testing::UnorderedElementsAre;

/// What the world program prints, line by line, on so many ranks.
std::vector<std::string> lines_of_world(int ranks, const std::string& deed) {
  LaunchOptions options;
  options.ranks = ranks;
  options.is_root = ::geteuid() == 0;
  options.program = {LONGTAKE_WORLD_PROGRAM, deed};
  std::string command;
  for (const std::string& word : mpirun_command(options)) command += "'" + word + "' ";
  const std::unique_ptr<FILE, int (*)(FILE*)> output(::popen((command + "2> /dev/null").c_str(), "r"),
                                                     ::pclose);
  std::string text;
  for (int character = std::fgetc(output.get()); character != EOF; character = std::fgetc(output.get())) {
    text.push_back(static_cast<char>(character));
  }
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(MpiWorld, GathersAndBroadcastsUnderOurMpirunCommand) {
  EXPECT_THAT(lines_of_world(3, "leaves"),
              UnorderedElementsAre("[rank 0][][rank 2] 0 of 3", "[rank 0][][rank 2] 1 of 3",
                                   "[rank 0][][rank 2] 2 of 3"));
}

TEST(MpiWorld, NobodyWaitsForARankThatWasKilled) {
  EXPECT_THAT(lines_of_world(3, "quits"),
              IsSupersetOf({"[rank 0][][rank 2] 0 of 3", "[rank 0][][rank 2] 2 of 3"}));
}

}  // namespace
}  // namespace longtake
