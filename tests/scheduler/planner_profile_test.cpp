#include <gmock/gmock.h>

#include <fstream>

#include "jobs/error.h"
#include "scheduler/planner/profile.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const fs::path kProfiles = fs::path(LONGTAKE_CONFIGS_DIR) / "profiles";
constexpr std::int64_t kMebibyte = 1 << 20;

std::string shown(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) text += to_string(problem) + "\n";
  return text;
}

std::vector<Profile> installed_profiles() {
  std::vector<Problem> problems;
  std::vector<Profile> profiles = load_profiles(kProfiles, problems);
  EXPECT_THAT(problems, IsEmpty()) << shown(problems);
  return profiles;
}

class InstalledProfile : public ::testing::TestWithParam<const char*> {};

TEST_P(InstalledProfile, IsValid) {
  std::vector<Problem> problems;
  const auto profile = find_profile(GetParam(), kProfiles, problems);
  ASSERT_TRUE(profile) << shown(problems);
  EXPECT_EQ(profile->name, GetParam());
  EXPECT_GT(profile->timeouts.load_s, 0);
  EXPECT_GT(profile->slate_megapixels_per_s, 0);
  EXPECT_EQ(profile->timeouts.disk_full_s, 300);
  if (profile->device == DeviceKind::Cpu) return;
  EXPECT_EQ(profile->gpus_per_node, profile->name[0] - '0');
  EXPECT_LE(profile->usable_bytes, profile->memory_bytes);
  EXPECT_GT(profile->fp8_tflops, profile->bf16_tflops);
}

INSTANTIATE_TEST_SUITE_P(Files, InstalledProfile,
                         ::testing::Values("cpu", "1x24gb", "4x24gb", "1x48gb", "2x48gb", "1x80gb", "5x80gb",
                                           "8x80gb", "1x141gb"));

TEST(Profiles, AreThoseOfTheList) { EXPECT_EQ(installed_profiles().size(), 9u); }

class ProfileFile : public ::testing::Test {
 protected:
  std::optional<Profile> parse(const std::string& text) {
    const fs::path file = temp_path("profile.yaml");
    std::ofstream(file) << text;
    problems_.clear();
    auto profile = parse_profile(file, problems_);
    fs::remove(file);
    return profile;
  }
  std::vector<Problem> problems_;
};

const std::string kCpu =
    "description: x\ndevice: cpu\ncpu_slots_per_node: 2\nhost_bytes_per_slot: 1000000\n"
    "slate_megapixels_per_s: 10\nlargest_size: 704*384\n"
    "timeouts: {load_s: 1, first_block_s: 2, block_s: 3}\n";
const std::string kGpu =
    "description: x\ndevice: gpu\ncpu_slots_per_node: 2\nhost_bytes_per_slot: 1000000\n"
    "slate_megapixels_per_s: 10\nlargest_size: 704*384\n"
    "timeouts: {load_s: 1, first_block_s: 2, block_s: 3}\n"
    "gpu_name: G\nmemory_bytes: 100\nusable_bytes: 90\nreserve_bytes: 10\nbf16_tflops: 1\nfp8_tflops: 0\n";

TEST_F(ProfileFile, ReadsTheTimeouts) {
  const auto profile = parse(kCpu);
  ASSERT_TRUE(profile) << shown(problems_);
  EXPECT_EQ(profile->timeouts.load_s, 1);
  EXPECT_EQ(profile->timeouts.first_block_s, 2);
  EXPECT_EQ(profile->timeouts.block_s, 3);
  EXPECT_EQ(profile->timeouts.disk_full_s, 300);
}

TEST_F(ProfileFile, ReadsTheNcclEnvironmentAsText) {
  const auto profile =
      parse(kGpu + "gpus_per_node: 2\nlink: pcie\nnccl_environment:\n  NCCL_P2P_DISABLE: 1\n");
  ASSERT_TRUE(profile) << shown(problems_);
  EXPECT_EQ(profile->nccl_environment.at("NCCL_P2P_DISABLE"), "1");
  EXPECT_EQ(profile->link, Link::Pcie);
}

TEST_F(ProfileFile, SaysAllThatIsMissing) {
  EXPECT_FALSE(parse("device: gpu\n"));
  EXPECT_THAT(shown(problems_), HasSubstr("gpu_name: is missing"));
  EXPECT_THAT(shown(problems_), HasSubstr("timeouts: is missing"));
  EXPECT_EQ(problems_.size(), 14u) << shown(problems_);
}

TEST_F(ProfileFile, RefusesGpuKeysWithoutAGpu) {
  EXPECT_FALSE(parse(kCpu + "memory_bytes: 5\n"));
  EXPECT_THAT(shown(problems_), HasSubstr("memory_bytes: unknown key"));
}

TEST_F(ProfileFile, RefusesNumbersThatCannotBe) {
  EXPECT_FALSE(parse(kGpu + "gpus_per_node: 2\nlink: none\n"));
  EXPECT_THAT(shown(problems_), HasSubstr("link: must be pcie or nvlink for 2 GPUs"));
  std::string more_usable = kGpu + "gpus_per_node: 1\nlink: none\n";
  more_usable.replace(more_usable.find("usable_bytes: 90"), 16, "usable_bytes: 101");
  EXPECT_FALSE(parse(more_usable));
  EXPECT_THAT(shown(problems_), HasSubstr("usable_bytes: must not exceed memory_bytes, 100, got 101"));
}

TEST_F(ProfileFile, RefusesUnknownTimeouts) {
  std::string text = kCpu;
  text.replace(text.find("block_s: 3"), 10, "block_s: 3, blok_s: 4");
  EXPECT_FALSE(parse(text));
  EXPECT_THAT(shown(problems_), HasSubstr("timeouts.blok_s: unknown key; did you mean 'block_s'?"));
}

TEST(FindProfile, TakesAFileToo) {
  std::vector<Problem> problems;
  EXPECT_EQ(find_profile((kProfiles / "cpu.yaml").string(), "/nowhere", problems)->name, "cpu");
  EXPECT_FALSE(find_profile("absent.yaml", kProfiles, problems));
  EXPECT_THAT(shown(problems), HasSubstr("absent.yaml: there is no such file"));
}

TEST(FindProfile, ListsTheKnownOnes) {
  std::vector<Problem> problems;
  EXPECT_FALSE(find_profile("4x25gb", kProfiles, problems));
  EXPECT_THAT(shown(problems), HasSubstr("there is no profile '4x25gb'; did you mean 4x24gb?"));
  EXPECT_THAT(shown(problems), HasSubstr("8x80gb and cpu"));
}

struct ChoiceCase {
  const char* expected;
  std::size_t gpus;
  std::int64_t memory_mib;
};
class ChooseProfile : public ::testing::TestWithParam<ChoiceCase> {};

TEST_P(ChooseProfile, GoesByCountAndMemory) {
  const std::vector<Gpu> seen(GetParam().gpus, {"a GPU", GetParam().memory_mib * kMebibyte});
  EXPECT_EQ(choose_profile(seen, installed_profiles()).name, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Machines, ChooseProfile,
                         ::testing::Values(ChoiceCase{"cpu", 0, 0}, ChoiceCase{"cpu", 2, 16384},
                                           ChoiceCase{"1x24gb", 1, 24564}, ChoiceCase{"1x24gb", 2, 24576},
                                           ChoiceCase{"4x24gb", 4, 24564}, ChoiceCase{"1x48gb", 1, 49140},
                                           ChoiceCase{"2x48gb", 2, 46068}, ChoiceCase{"1x80gb", 1, 81559},
                                           ChoiceCase{"5x80gb", 6, 81920}, ChoiceCase{"8x80gb", 8, 81559},
                                           ChoiceCase{"1x141gb", 1, 143771}));

TEST(ChooseProfile, GoesByTheSmallestGpu) {
  const std::vector<Gpu> mixed = {{"large", 81559 * kMebibyte}, {"small", 24564 * kMebibyte}};
  EXPECT_EQ(choose_profile(mixed, installed_profiles()).name, "1x24gb");
}

TEST(ChooseProfile, NeedsAProfile) { EXPECT_THROW(choose_profile({}, {}), Error); }

}  // namespace
}  // namespace longtake
