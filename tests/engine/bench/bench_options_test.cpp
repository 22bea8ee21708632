#include "rank/engine/bench/bench_options.h"

#include <gmock/gmock.h>

#include "jobs/error.h"

namespace longtake {
namespace {

using testing::HasSubstr;

std::optional<BenchOptions> parsed(std::vector<const char*> arguments) {
  std::string help;
  return parse_bench_options(static_cast<int>(arguments.size()), arguments.data(), help);
}

std::string problem_of(std::vector<const char*> arguments) {
  try {
    parsed(std::move(arguments));
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    return e.what();
  }
  return "none";
}

TEST(BenchOptions, OnlyTheConfigMustBeGiven) {
  const BenchOptions options = parsed({"--config", "c.json"}).value();
  EXPECT_EQ(options.config, "c.json");
  EXPECT_EQ(options.size, (FrameSize{256, 384}));
  EXPECT_EQ(options.precision, at::kFloat);
  EXPECT_EQ(layout_name(options), "single");
  EXPECT_EQ(options.steps, 4);
  EXPECT_TRUE(options.with_vae);
  EXPECT_FALSE(options.with_profile);
  EXPECT_THAT(problem_of({}), HasSubstr("--config"));
}

TEST(BenchOptions, EverythingCanBeSaid) {
  const BenchOptions options =
      parsed({"--config",    "c.json",   "--size",     "720*400",  "--precision", "bf16",     "--order",
              "block-major", "--layout", "layers:2/4", "--blocks", "7",           "--warmup", "0",
              "--steps",     "3",        "--threads",  "5",        "--no-vae",    "--profile"})
          .value();
  EXPECT_EQ(options.size, (FrameSize{400, 720}));
  EXPECT_EQ(options.precision, at::kBFloat16);
  EXPECT_EQ(options.order, GenerationOrder::BlockMajor);
  EXPECT_EQ(layout_name(options), "layers:2/4");
  EXPECT_EQ(options.blocks, 7);
  EXPECT_EQ(options.warmup_blocks, 0);
  EXPECT_EQ(options.steps, 3);
  EXPECT_EQ(options.threads, 5);
  EXPECT_FALSE(options.with_vae);
  EXPECT_TRUE(options.with_profile);
}

TEST(BenchOptions, AStageOfALayoutThatSplitsTheStepsWorksBlockAfterBlock) {
  const BenchOptions options = parsed({"--config", "c.json", "--layout", "steps:5/1"}).value();
  EXPECT_TRUE(options.splits_steps);
  EXPECT_EQ(layout_name(options), "steps:5/1");
  EXPECT_EQ(options.order, GenerationOrder::BlockMajor);
}

TEST(BenchOptions, MemoryAndComparisonsCanBeAskedFor) {
  const BenchOptions options = parsed({"--model", "ckpt", "--memory-gib", "23.5", "--ceilings", "--encoders",
                                       "--baseline", "--products", "--guided", "--clip-frames", "24"})
                                   .value();
  EXPECT_EQ(options.model, "ckpt");
  EXPECT_EQ(options.memory_bytes, std::int64_t{47} << 29);
  EXPECT_TRUE(options.with_ceilings && options.with_encoders && options.with_baseline &&
              options.with_products && options.is_guided);
  EXPECT_EQ(options.clip_frames, 24);
  EXPECT_THAT(problem_of({"--config", "c.json", "--model", "ckpt"}), HasSubstr("--model"));
}

TEST(BenchOptions, HelpIsNoProblem) {
  std::string help;
  const char* arguments[] = {"--help"};
  EXPECT_FALSE(parse_bench_options(1, arguments, help));
  EXPECT_THAT(help, HasSubstr("--layout"));
  EXPECT_THAT(help, HasSubstr("examples:"));
}

TEST(BenchOptions, EachWrongValueIsNamedWithWhatWouldBeRight) {
  const auto problem = [](const char* option, const char* value) {
    return problem_of({"--config", "c.json", option, value});
  };
  EXPECT_EQ(problem("--kv-cache-dtype", "int8"), "--kv-cache-dtype must be auto or fp8, got 'int8'");
  EXPECT_EQ(problem("--precision", "fp4"), "--precision must be fp32, bf16, fp8 or int8, got 'fp4'");
  EXPECT_EQ(problem("--order", "both"), "--order must be step-major or block-major, got 'both'");
  EXPECT_EQ(problem("--device", "tpu"), "--device must be cpu or cuda, got 'tpu'");
  for (const char* size : {"384", "384*250", "32*64", "384*256*3", "99999999*64"}) {
    EXPECT_EQ(problem("--size", size),
              std::string("--size must be WIDTH*HEIGHT in multiples of 16 from 64 on, got '") + size + "'");
  }
  for (const char* layout : {"layers", "layers:0/4", "layers:5/4", "steps:0/1", "steps:1"}) {
    EXPECT_THAT(problem("--layout", layout), HasSubstr("the K-th of N shares"));
  }
  EXPECT_THAT(problem("--blocks", "0"), HasSubstr("--blocks"));
  EXPECT_THAT(problem("--steps", "many"), HasSubstr("--steps"));
  EXPECT_THAT(problem("--colour", "red"), HasSubstr("--colour"));
}

}  // namespace
}  // namespace longtake
