#include "rank/engine/bench/bench_command.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/engine/bench/small_bench.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Ran {
  int exit_code = 0;
  std::string out;
  std::string err;
};

Ran bench(const std::vector<std::string>& words) {
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Ran ran;
  ran.exit_code = bench_command(static_cast<int>(arguments.size()), arguments.data());
  ran.out = testing::internal::GetCapturedStdout();
  ran.err = testing::internal::GetCapturedStderr();
  return ran;
}

void expect_refused(const std::vector<std::string>& words, const std::string& because) {
  const Ran ran = bench(words);
  EXPECT_EQ(ran.exit_code, 2) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, StartsWith("longtake-engine bench: "));
  EXPECT_THAT(ran.err, HasSubstr(because));
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
}

TEST(BenchCommand, PrintsJsonOnStandardOutputAndATableOnStandardError) {
  const Ran ran = bench({"--config", small_bench_config(), "--size", "64*64", "--blocks", "1", "--warmup",
                         "1", "--steps", "1", "--threads", "1", "--profile"});
  EXPECT_EQ(ran.exit_code, 0);
  const nlohmann::json document = nlohmann::json::parse(ran.out);
  EXPECT_EQ(document.at("size"), "64*64");
  EXPECT_TRUE(document.at("frames_per_second_beside").is_null()) << "a CPU does everything in turn";
  EXPECT_THAT(ran.err, HasSubstr("one step of one block"));
  EXPECT_THAT(ran.err, HasSubstr("key/value cache"));
  EXPECT_THAT(ran.err, HasSubstr("matrix products, of all time"));
}

TEST(BenchCommand, PrintsJsonOfAModelWhosePathIsNotInUtf8) {
  const std::filesystem::path folder = temp_path("mod\xE8le");
  std::filesystem::create_directory(folder);
  std::filesystem::copy(small_bench_config(), folder / "config.json");
  const Ran ran = bench({"--config", folder / "config.json", "--size", "64*64", "--blocks", "1", "--warmup",
                         "1", "--steps", "1", "--threads", "1"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(nlohmann::json::parse(ran.out).at("config").dump(), HasSubstr("mod\xEF\xBF\xBDle"));
}

TEST(BenchCommand, HelpGoesToStandardOutput) {
  const Ran ran = bench({"--help"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.out, HasSubstr("--precision"));
  EXPECT_EQ(ran.err, "");
}

TEST(BenchCommand, WhatThePersonMustChangeIsOneLine) {
  const std::string config = small_bench_config();
  expect_refused({}, "--config");
  expect_refused({"--config", config, "--precision", "fp4"}, "must be fp32, bf16, fp8 or int8");
  expect_refused({"--config", "nowhere.json"}, "cannot read nowhere.json");
  expect_refused({"--config", config, "--layout", "layers:4/4"}, "only 3 layers");
  const std::filesystem::path broken = temp_path("broken.json");
  std::ofstream(broken) << "{\"model_type\": \"t2v\"}";
  expect_refused({"--config", broken}, "model_type");
}

}  // namespace
}  // namespace longtake
