#include "scheduler/simulation/made_up_night.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "scheduler/simulation/random_draw.h"

namespace longtake {
namespace {

constexpr FrameSize kSize = {384, 704};

template <class Number>
std::string numbered(const char* pattern, Number number) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), pattern, number);
  return text.data();
}

/// Lengths that add up to `films.hours`, before rounding to frames.
std::vector<double> film_hours(const MadeUpFilms& films) {
  constexpr double kLongest = 20;  // times the mean
  constexpr double kMinute_h = 1.0 / 60;
  const double mean_h = films.hours / films.jobs;
  std::vector<double> hours;
  for (int j = 0; j < films.jobs; ++j) {
    // A log-normal number of deviation 1 has the mean exp(1/2).
    const double length = std::exp(normal_draw(films.seed, static_cast<std::uint64_t>(j)) - 0.5);
    hours.push_back(std::max(std::min(kMinute_h, mean_h), mean_h * std::min(length, kLongest)));
  }
  const double scale = films.hours / std::accumulate(hours.begin(), hours.end(), 0.0);
  for (double& hour : hours) hour *= scale;
  return hours;
}

}  // namespace

std::vector<JobInput> made_up_films(const MadeUpFilms& films, const ModelShape& model) {
  std::vector<JobInput> jobs;
  for (const double hours : film_hours(films)) {
    JobInput job;
    job.spec.name = numbered("film-%05zu", jobs.size() + 1);
    job.spec.engine = EngineKind::LiveAvatar;
    job.size = kSize;
    job.film_frames = std::max<std::int64_t>(1, std::llround(hours * 3600 * kFramesPerSecond));
    job.clips = clips_of_frames(job.film_frames, job.spec.settings.infer_frames, std::nullopt);
    job.model = model;
    jobs.push_back(std::move(job));
  }
  return jobs;
}

int slots_of_node(const Profile& profile) {
  return profile.device == DeviceKind::Gpu ? profile.gpus_per_node : profile.cpu_slots_per_node;
}

SlotInventory made_up_cluster(const Profile& profile, int slots) {
  const int per_node = slots_of_node(profile);
  const SlotInventory::Host node = inventory_of_profile(profile).hosts.front();
  SlotInventory cluster;
  for (int rank = 0; rank < slots; ++rank) {
    if (rank % per_node == 0) {
      cluster.hosts.push_back(node);
      cluster.hosts.back().name = numbered("node%04d", rank / per_node + 1);
      cluster.hosts.back().ranks.clear();
    }
    cluster.hosts.back().ranks.push_back(RankId{rank});
  }
  return cluster;
}

}  // namespace longtake
