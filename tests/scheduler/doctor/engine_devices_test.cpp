#include "scheduler/doctor/engine_devices.h"

#include <nlohmann/json.hpp>

#include "tests/scheduler/doctor/finding_matchers.h"
#include "tests/scheduler/doctor/small_profiles.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

EngineFacts engine_of(std::size_t devices) {
  EngineFacts engine;
  engine.is_installed = true;
  engine.libtorch = "2.11.0";
  engine.libtorch_cuda = "13.0";
  engine.libtorch_devices = static_cast<int>(devices);
  engine.driver_cuda = "13.0";
  engine.nccl = "2.28.9";
  engine.devices.assign(devices, "NVIDIA H200");
  engine.has_access.assign(devices, std::vector<bool>(devices, true));
  return engine;
}

EngineFacts engine_without_cuda() {
  EngineFacts engine;
  engine.is_installed = true;
  engine.libtorch = "1.13.0";
  engine.driver_failure = "libcuda.so.1: cannot open shared object file";
  engine.nccl_failure = "libnccl.so.2: cannot open shared object file";
  return engine;
}

NcclTrial trial(const std::string& failure) { return {true, failure, 1.25, 0.5}; }

TEST(EngineFacts, AreReadFromItsReport) {
  const nlohmann::json report = {{"libtorch", "2.11.0"},
                                 {"libtorch_cuda", "13.0"},
                                 {"libtorch_devices", 2},
                                 {"driver_cuda", "13.0"},
                                 {"driver_failure", ""},
                                 {"devices", {"A", "B"}},
                                 {"has_access", {{true, false}, {true, true}}},
                                 {"nccl", "2.28.9"},
                                 {"nccl_failure", ""}};
  const EngineFacts facts = engine_facts_from(report.dump());
  EXPECT_THAT(facts.failure, IsEmpty());
  EXPECT_TRUE(facts.is_installed);
  EXPECT_EQ(facts.libtorch_devices, 2);
  EXPECT_THAT(facts.devices, testing::ElementsAre("A", "B"));
  EXPECT_FALSE(facts.has_access[0][1]);
  EXPECT_THAT(engine_facts_from("no JSON").failure, HasSubstr("not as expected"));
  EXPECT_THAT(engine_facts_from("{}").failure, HasSubstr("libtorch"));
}

TEST(CheckEngine, OneThatIsNotThereLeavesSlates) {
  EXPECT_THAT(check_engine({}, {}, cpu_profile()), is_warning(HasSubstr("only jobs with engine: slate")));
}

TEST(CheckEngine, OneThatDoesNotAnswerIsBad) {
  EngineFacts engine;
  engine.is_installed = true;
  engine.failure = "error while loading shared libraries: libtorch.so";
  EXPECT_THAT(check_engine(engine, {}, cpu_profile()), is_bad(HasSubstr("libtorch.so")));
}

TEST(CheckEngine, ABuildWithoutCudaIsBadOnlyWhereGpusAreToBeUsed) {
  EXPECT_THAT(check_engine(engine_without_cuda(), {}, cpu_profile()),
              is_good("longtake-engine is built with LibTorch 1.13.0 without CUDA"));
  EXPECT_THAT(check_engine(engine_without_cuda(), {}, gpu_profile(1)),
              AllOf(is_bad(HasSubstr("without CUDA")), with_remedy(HasSubstr("docs/HACKING.md"))));
}

TEST(CheckEngine, ADriverOlderThanTheBuildIsBad) {
  EngineFacts engine = engine_of(1);
  EXPECT_THAT(check_engine(engine, {}, gpu_profile(1)), is_good(HasSubstr("sees 1 CUDA device")));
  engine.driver_cuda = "12.4";
  EXPECT_THAT(check_engine(engine, {}, gpu_profile(1)), is_bad(HasSubstr("up to 12.4")));
  engine.driver_cuda = "13.2";
  engine.libtorch_devices = 0;
  engine.driver_failure = "no CUDA-capable device is detected";
  EXPECT_THAT(check_engine(engine, {}, gpu_profile(1)), is_bad(HasSubstr("no CUDA-capable device")));
}

TEST(CheckPeerAccess, NamesThePairsWithoutIt) {
  EXPECT_THAT(check_peer_access(engine_of(1), gpu_profile(1)),
              is_not_applicable(HasSubstr("one CUDA device")));
  EngineFacts engine = engine_of(3);
  EXPECT_THAT(check_peer_access(engine, gpu_profile(3)), is_good(HasSubstr("3 devices")));
  engine.has_access[0][2] = false;
  EXPECT_THAT(check_peer_access(engine, gpu_profile(3)), is_warning(HasSubstr("CUDA devices 0->2")));
}

TEST(CheckPeerAccess, AProfileThatDoesWithoutIsAllRight) {
  EngineFacts engine = engine_of(2);
  engine.has_access[0][1] = engine.has_access[1][0] = false;
  Profile profile = gpu_profile(2);
  profile.nccl_environment["NCCL_P2P_DISABLE"] = "1";
  EXPECT_THAT(check_peer_access(engine, profile),
              is_good(AllOf(HasSubstr("0->1, 1->0"), HasSubstr("does without"))));
}

TEST(CheckNccl, ABuildWithoutCudaSaysSo) {
  EXPECT_THAT(check_nccl(engine_without_cuda(), {}), is_not_applicable(HasSubstr("this build has no CUDA")));
  EngineFacts engine = engine_without_cuda();
  engine.devices = {"NVIDIA H200"};
  EXPECT_THAT(check_nccl(engine, {}), is_not_applicable(HasSubstr("this build has no CUDA")));
}

TEST(CheckNccl, AMissingLibraryIsBadForABuildWithCuda) {
  EngineFacts engine = engine_of(2);
  engine.nccl.clear();
  engine.nccl_failure = "libnccl.so.2: cannot open shared object file";
  EXPECT_THAT(check_nccl(engine, {}), is_bad(HasSubstr("libnccl.so.2")));
}

TEST(CheckNccl, ATrialThatWorkedIsShownWithItsTimes) {
  EXPECT_THAT(
      check_nccl(engine_of(2), {trial(""), {}}),
      is_good("NCCL 2.28.9: all-reduce of 32 MiB over 2 devices in 1.2 ms, send and receive in 0.5 ms"));
}

// "unhandled system error": peer-to-peer or InfiniBand do not work.
TEST(CheckNccl, AFailureThatGoesWithoutPeerToPeerSaysWhatToSet) {
  EXPECT_THAT(check_nccl(engine_of(2), {trial("unhandled system error"), trial("")}),
              AllOf(is_bad(AllOf(HasSubstr("unhandled system error"), HasSubstr("it works"))),
                    with_remedy(AllOf(HasSubstr("NCCL_P2P_DISABLE: \"1\""), HasSubstr("nccl_environment")))));
}

TEST(CheckNccl, AFailureThatStaysShowsBoth) {
  EXPECT_THAT(check_nccl(engine_of(2), {trial("no end within 90 s"), trial("unhandled cuda error")}),
              AllOf(is_bad(AllOf(HasSubstr("no end within 90 s"), HasSubstr("unhandled cuda error"))),
                    with_remedy(HasSubstr("NCCL_DEBUG=INFO"))));
}

TEST(NcclTrial, IsReadFromItsReport) {
  const NcclTrial good = nccl_trial_from(R"({"failure":"","all_reduce_ms":1.5,"send_receive_ms":0.5})");
  EXPECT_TRUE(good.was_made);
  EXPECT_THAT(good.failure, IsEmpty());
  EXPECT_EQ(good.all_reduce_ms, 1.5);
  EXPECT_EQ(nccl_trial_from(R"({"failure":"NCCL cannot send"})").failure, "NCCL cannot send");
  EXPECT_THAT(nccl_trial_from("Segmentation fault").failure, HasSubstr("Segmentation fault"));
}

}  // namespace
}  // namespace longtake
