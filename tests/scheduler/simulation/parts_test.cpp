// The small parts of a simulated night: films, cluster, use of the GPUs, the thread for films.
#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "scheduler/simulation/film_thread.h"
#include "scheduler/simulation/made_up_night.h"
#include "scheduler/simulation/usage_timeline.h"

namespace longtake {
namespace {

using ::testing::SizeIs;

std::vector<std::int64_t> lengths(const MadeUpFilms& films) {
  std::vector<std::int64_t> frames;
  for (const JobInput& job : made_up_films(films, published_model())) frames.push_back(job.film_frames);
  return frames;
}

TEST(MadeUpFilms, AddUpToTheHours) {
  const auto frames = lengths({500, 400, 1});
  EXPECT_THAT(frames, SizeIs(500));
  EXPECT_NEAR(static_cast<double>(std::accumulate(frames.begin(), frames.end(), std::int64_t{0})),
              400.0 * 3600 * 25, 500);
}

TEST(MadeUpFilms, AreOfManyLengthsThatTheSeedDecides) {
  const auto frames = lengths({500, 500, 1});
  const auto [shortest, longest] = std::minmax_element(frames.begin(), frames.end());
  EXPECT_GT(*longest, 20 * *shortest);
  EXPECT_EQ(frames, lengths({500, 500, 1}));
  EXPECT_NE(frames, lengths({500, 500, 2}));
}

TEST(MadeUpCluster, FillsHostsOfTheProfile) {
  Profile profile;
  profile.device = DeviceKind::Gpu;
  profile.gpus_per_node = 8;
  const SlotInventory cluster = made_up_cluster(profile, 20);
  ASSERT_THAT(cluster.hosts, SizeIs(3));
  EXPECT_THAT(cluster.hosts[1].ranks, SizeIs(8));
  EXPECT_EQ(cluster.hosts[2].ranks, (std::vector<RankId>{RankId{16}, RankId{17}, RankId{18}, RankId{19}}));
  EXPECT_EQ(cluster.hosts[2].name, "node0003");
}

TEST(UsageTimeline, SharesMinutesOutOverTheParts) {
  UsageTimeline usage;
  usage.add(GpuUse::Kept, 30'000, 120'000);  // half of the first minute, all of the second
  usage.add(GpuUse::Lost, 90'000, 90'000);
  EXPECT_DOUBLE_EQ(usage.total().of(GpuUse::Kept), 90);
  EXPECT_DOUBLE_EQ(usage.total().of(GpuUse::Lost), 0);
  const auto parts = usage.in_parts(4, 120'000);
  EXPECT_NEAR(parts[0].of(GpuUse::Kept), 15, 1e-6);
  EXPECT_NEAR(parts[1].of(GpuUse::Kept), 15, 1e-6);
  EXPECT_NEAR(parts[3].of(GpuUse::Kept), 30, 1e-6);
}

TEST(FilmThread, EncodesSoundsWhileItWaitsForFilms) {
  FilmThread films({1, 1, 2}, {100, 10});
  // By 150 s two sounds are begun; the second is made at 200 s.
  EXPECT_EQ(films.join(0, 150'000), 210'000);
  // Films come before sounds, and the third one's is not made yet: 2 * 100 s, then 2 * 10 s.
  EXPECT_EQ(films.join(2, 150'000), 430'000);
  EXPECT_EQ(films.join(1, 1'000'000), 1'010'000);
}

}  // namespace
}  // namespace longtake
