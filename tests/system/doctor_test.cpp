// `longtake doctor` as a person runs it: on this machine, and on one whose nvidia-smi or mpirun is another.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tests/system/support/files.h"
#include "tests/system/support/project.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr int kUserMustChange = 2;

/// A port on which this process listens until the end of the test.
class TakenPort {
 public:
  TakenPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    ::listen(socket_, 1);  // takes a free port
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    number_ = ntohs(address.sin_port);
  }
  ~TakenPort() { ::close(socket_); }
  TakenPort(const TakenPort&) = delete;
  TakenPort& operator=(const TakenPort&) = delete;
  std::string number() const { return std::to_string(number_); }

 private:
  int socket_;
  int number_ = 0;
};

/// A driver's tool that shows four GPUs of 80 GB, of which the last is held by somebody.
constexpr const char* kFourGpus = R"(#!/bin/sh
case "$1" in
--query-gpu=uuid,name*)
  for gpu in a b c d; do echo "GPU-$gpu, NVIDIA H100 80GB HBM3, 81559, 0, Enabled, 580.159.04"; done ;;
--query-compute-apps*) echo "GPU-d, 4711, python3, 1024" ;;
--query-gpu=uuid,clocks*) echo "GPU-a, 0x0000000000000000" ;;
*) echo "Driver Version: 580.159.04   CUDA Version: 13.0" ;;
esac
)";

constexpr const char* kBrokenMpirun = R"(#!/bin/sh
echo "There are not enough slots available in the system" >&2
exit 1
)";

class Doctor : public ::testing::Test {
 protected:
  Doctor() : folder_(make_temporary_folder()) {
    fs::create_directory(folder_ / "here");
    fs::create_directory(folder_ / "bin");
  }
  ~Doctor() override { fs::remove_all(folder_); }

  /// A program that is found before the real one.
  void put_in_path(const std::string& name, const std::string& script) {
    write_file(folder_ / "bin" / name, script);
    fs::permissions(folder_ / "bin" / name, fs::perms::owner_all);
    environment_["PATH"] = (folder_ / "bin").string() + ":" + std::getenv("PATH");
  }

  Ended doctor(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command = {longtake_program(), "doctor"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return Process({command, environment_, folder_ / "here"}).wait();
  }

  /// The checks by name.
  std::map<std::string, nlohmann::json> checks(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    const Ended ended = doctor(arguments);
    const nlohmann::json document = nlohmann::json::parse(ended.out);
    EXPECT_EQ(document.at("exit_code"), ended.exit_code);
    std::map<std::string, nlohmann::json> by_name;
    for (const nlohmann::json& check : document.at("checks")) by_name[check.at("name")] = check;
    return by_name;
  }

  fs::path folder_;
  std::map<std::string, std::string> environment_;
};

std::vector<std::string> names_of(const std::map<std::string, nlohmann::json>& checks) {
  std::vector<std::string> names;
  for (const auto& [name, check] : checks) names.push_back(name);
  return names;
}

bool is_any_bad(const std::map<std::string, nlohmann::json>& checks) {
  return std::any_of(checks.begin(), checks.end(),
                     [](const auto& entry) { return entry.second.at("verdict") == "bad"; });
}

TEST_F(Doctor, SaysSomethingOfEveryCheckAndLeavesNothingBehind) {
  const auto found = checks({"--profile", "cpu"});
  EXPECT_THAT(names_of(found),
              UnorderedElementsAre("driver", "gpus", "gpu_memory", "gpu_use", "gpu_clocks", "engine",
                                   "peer_access", "nccl", "nccl_environment", "infiniband", "ports",
                                   "host_memory", "shared_memory", "work_directory", "disk_speed", "clocks",
                                   "mpi", "processors", "limits", "container", "ffmpeg"));
  for (const auto& [name, check] : found) {
    EXPECT_THAT(check.at("verdict"), AnyOf("good", "warning", "bad", "not applicable")) << name;
    EXPECT_NE(check.at("reason"), "") << name;
    const bool asks = check.at("verdict") == "warning" || check.at("verdict") == "bad";
    EXPECT_EQ(check.at("remedy") != "", asks) << check;
  }
  EXPECT_EQ(found.at("mpi").at("verdict"), "good") << found.at("mpi");
  EXPECT_EQ(found.at("ffmpeg").at("verdict"), "good") << found.at("ffmpeg");
  EXPECT_THAT(tree_of(folder_ / "here"), IsEmpty());
}

TEST_F(Doctor, EndsWithTwoOnlyWhenSomethingIsBad) {
  const Ended ended = doctor({"--json", "--work-dir", "/proc/self/nowhere"});
  EXPECT_EQ(ended.exit_code, kUserMustChange);
  EXPECT_THAT(ended.err,
              AllOf(HasSubstr("bad      work_directory"), HasSubstr("-> name a folder that you may write")));
  EXPECT_THAT(ended.err, Not(HasSubstr("\033")));  // no colours where no terminal is
}

// "Connection refused", "address already in use".
TEST_F(Doctor, NamesWhoHoldsAPort) {
  const TakenPort taken;
  environment_["MASTER_PORT"] = taken.number();
  const nlohmann::json ports = checks({"--profile", "cpu"}).at("ports");
  EXPECT_EQ(ports.at("verdict"), "warning");
  EXPECT_THAT(ports.at("reason"),
              HasSubstr("port " + taken.number() + " (MASTER_PORT) is held by system_test (pid " +
                        std::to_string(::getpid()) + ")"));
}

TEST_F(Doctor, RefusesAProfileOfMoreGpusThanThereAreWithBothNumbers) {
  put_in_path("nvidia-smi", kFourGpus);
  const auto found = checks({"--profile", "5x80gb"});
  EXPECT_EQ(found.at("gpus").at("verdict"), "bad");
  EXPECT_THAT(found.at("gpus").at("reason"),
              HasSubstr("profile 5x80gb wants 5 GPUs on a node, this process sees 4"));
  EXPECT_EQ(found.at("driver").at("reason"), "driver 580.159.04, runs CUDA programs up to 13.0");
  EXPECT_THAT(found.at("gpu_use").at("reason"), HasSubstr("python3 (pid 4711) holds 1.00 GiB"));
  EXPECT_TRUE(is_any_bad(found));
}

TEST_F(Doctor, SeesThatCudaVisibleDevicesIsWrong) {
  put_in_path("nvidia-smi", kFourGpus);
  environment_["CUDA_VISIBLE_DEVICES"] = "0,1,2,3,4";
  const nlohmann::json gpus = checks({"--profile", "5x80gb"}).at("gpus");
  EXPECT_EQ(gpus.at("verdict"), "bad");
  EXPECT_THAT(gpus.at("reason"),
              HasSubstr("CUDA_VISIBLE_DEVICES=0,1,2,3,4 names 5 GPUs, CUDA sees 4 of the 4"));
}

TEST_F(Doctor, SeesThatRanksCannotBeStarted) {
  put_in_path("mpirun", kBrokenMpirun);
  const nlohmann::json mpi = checks({"--profile", "cpu"}).at("mpi");
  EXPECT_EQ(mpi.at("verdict"), "bad");
  EXPECT_THAT(mpi.at("reason"), AllOf(HasSubstr("0 answered"), HasSubstr("not enough slots")));
}

TEST_F(Doctor, IsOneOfTheRanksWhenAPersonStartsThem) {
  const Ended ended = Process({{"mpirun", "-n", "2", "--allow-run-as-root", "--oversubscribe",
                                longtake_program(), "doctor", "--profile", "cpu", "--json"},
                               {},
                               folder_ / "here"})
                          .wait();
  const nlohmann::json document = nlohmann::json::parse(ended.out);  // of one rank only
  EXPECT_THAT(document.dump(), HasSubstr("2 ranks were started on 1 host, and all answered"));
}

}  // namespace
}  // namespace longtake
