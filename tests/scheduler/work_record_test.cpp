#include "scheduler/work_record.h"

#include <gmock/gmock.h>

namespace longtake {
namespace {

EngineWork work(double step_s, std::int64_t used_bytes) {
  return {"cpu", "fp32", {{"step 1", step_s}, {"load", 0.5}}, used_bytes / 2, used_bytes, used_bytes};
}

JobShare layers_of_two() { return {layers_layout(4, 2, 2), {{{{"program", 100}}}, {{{"program", 200}}}}}; }

TEST(WorkRecord, TellsOfASegmentInALine) {
  EXPECT_EQ(
      description_of({RankId{1}, 1, 12.5, 300, work(4.25, 300)}, 960, layers_of_two()),
      "960 frames in 12.50 s on rank 1, stage 2 of 2 (layers 2:4), cpu fp32: load 0.50 s, step 1 4.25 s");
  EXPECT_EQ(
      description_of({RankId{0}, 0, 12.5, 300, work(4.25, 300)}, 0, layers_of_two()),
      "its share in 12.50 s on rank 0, stage 1 of 2 (layers 0:2), cpu fp32: load 0.50 s, step 1 4.25 s");
  EXPECT_EQ(description_of({RankId{3}, 0, 1.07, 300, {}}, 384, {}), "384 frames in 1.07 s on rank 3");
}

TEST(WorkRecord, NamesWhatAStageDoes) {
  const Layout steps = steps_layout(4, 2, 2);
  EXPECT_EQ(description_of(steps.stages[3], steps), "layers 2:4 steps 1:2");
  EXPECT_EQ(description_of(steps.stages[4], steps), "decodes");
  const Layout single = layers_layout(4, 2, 1);
  EXPECT_EQ(description_of(single.stages[0], single), "");
}

TEST(WorkRecord, AddsUpSecondsAndKeepsTheLargestPeaks) {
  WorkRecord record;
  record.add({RankId{1}, 1, 10, 1, work(4, 300)});
  record.add({RankId{1}, 1, 12, 1, work(6, 200)});
  record.add({RankId{0}, 0, 11, 1, work(5, 250)});
  const nlohmann::json engines = record.engines(layers_of_two());
  ASSERT_EQ(engines.size(), 2U);
  EXPECT_EQ(engines[0].at("rank"), 0);
  EXPECT_EQ(engines[1].at("segments"), 2);
  EXPECT_EQ(engines[1].at("seconds"), 22);
  EXPECT_EQ(engines[1].at("seconds_by_phase").at("step 1"), 10);
  EXPECT_EQ(engines[1].at("allocated_bytes"), 150);
  EXPECT_EQ(engines[1].at("used_bytes"), 300);
  EXPECT_EQ(engines[1].at("predicted_bytes"), 200);
  EXPECT_EQ(record.peak_bytes(), 300);
  EXPECT_EQ(record.precision(), "fp32");
}

TEST(WorkRecord, TakesTheProcesssMemoryOfAnEngineThatDoesNotCount) {
  WorkRecord record;
  record.add({RankId{0}, 0, 1, 5000, {}});
  EXPECT_EQ(record.peak_bytes(), 5000);
  EXPECT_EQ(record.engines({})[0].at("used_bytes"), 5000);
  EXPECT_TRUE(record.engines({})[0].at("predicted_bytes").is_null());
}

TEST(WorkRecord, KeepsWhenAndForWhatTheLargestPeakWas) {
  const auto peaking = [](std::int64_t bytes, const std::string& moment) {
    EngineWork done = work(4, bytes);
    done.peak = {moment, moment == "decode" ? "vae workspace" : "activations", {{"caches", bytes / 4}}};
    return done;
  };
  WorkRecord record;
  record.add({RankId{0}, 0, 10, 1, peaking(200, "step 1")});
  record.add({RankId{0}, 0, 10, 1, peaking(300, "decode")});
  record.add({RankId{0}, 0, 10, 1, peaking(250, "step 2")});
  record.add({RankId{0}, 0, 10, 1, work(4, 400)});  // it did not know
  const nlohmann::json peak = record.engines({})[0].at("peak");
  EXPECT_EQ(peak.at("moment"), "decode");
  EXPECT_EQ(peak.at("component"), "vae workspace");
  EXPECT_EQ(peak.at("held_bytes").at("caches"), 75);
}

TEST(WorkRecord, OfNothingIsEmpty) {
  EXPECT_EQ(WorkRecord().peak_bytes(), 0);
  EXPECT_EQ(WorkRecord().precision(), "");
}

}  // namespace
}  // namespace longtake
