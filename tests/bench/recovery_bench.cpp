// How soon a run goes on after a SIGKILL, how much work that costs, and how long ranks wait for the
// scheduler: from the tables `attempts` and `run` of real runs with slates. Needs a quiet machine. Usage:
// bench_recovery [engine] [rank] [scheduler] [idle], default all.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <thread>

#include "tests/system/support/database.h"
#include "tests/system/support/process_tree.h"
#include "tests/system/support/project.h"
#include "tests/system/support/waiting.h"

namespace longtake {
namespace {

constexpr const char* kJob = "talk";
constexpr int kRanks = 3;

double now_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Seconds since 1970 of a column.
std::string seconds_of(const std::string& column) { return "((julianday(" + column + ")-2440587.5)*86400)"; }

void print(const std::string& what, std::vector<double> seconds) {
  if (seconds.empty()) return;
  std::sort(seconds.begin(), seconds.end());
  std::printf("%s: median %.2f s, longest %.2f s, of %zu\n", what.c_str(), seconds[seconds.size() / 2],
              seconds.back(), seconds.size());
  std::fflush(stdout);
}

/// Segments of `clips` clips at `size`, in as many chains as there are ranks.
void add_job(Project& project, double film_s, const std::string& size, int clips) {
  project.add_job(kJob, Recording().speech(film_s), "continuity: parallel\n");
  project.add_job_file(
      kJob, "prompt: A person speaks.\nimage: face.png\naudio: talk.wav\nengine: slate\nsize: " + size +
                "\ncontinuity: parallel\nsegment_clips: " + std::to_string(clips) + "\n");
}

/// Segments of half a second or so, for about a minute.
void add_minute(Project& project) { add_job(project, 1500, "704*384", 2); }

Process start(const Project& project) {
  return project.start_run({kJob}, {"--ranks", std::to_string(kRanks)});
}

void wait_for_work(Process& run, const Project& project, std::size_t segments) {
  becomes_true([&] {
    std::error_code none;
    std::size_t made = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(project.segments(kJob), none))
      ++made;
    return made >= 2 * segments || run.is_over();
  });
}

/// When the process was killed; 0: it was not there.
double kill_one(const Process& run, Role role, int rank) {
  const auto process = find_process(run.tag(), role, rank);
  if (!process) return 0;
  const double at_s = now_s();
  ::kill(process->pid, SIGKILL);
  return at_s;
}

/// From each kill of a process of a rank to the next attempt at the segment that it was making.
std::vector<double> delays_after(const Project& project, const std::vector<std::pair<double, int>>& kills) {
  std::vector<double> delays;
  for (const auto& [at_s, rank] : kills) {
    const std::string at = std::to_string(at_s);
    const auto rows = query_rows(
        project.database(), "SELECT " + seconds_of("n.started_at") + "-" + at +
                                " AS delay FROM attempts a JOIN attempts n ON "
                                "n.segment_id=a.segment_id AND n.id>a.id WHERE a.ranks='" +
                                std::to_string(rank) + "' AND a.state IN ('failed', 'lost') AND " +
                                seconds_of("a.started_at") + "<=" + at + " AND " + seconds_of("a.ended_at") +
                                ">=" + at + "-0.002 ORDER BY n.id LIMIT 1");
    if (!rows.empty()) delays.push_back(rows[0].at("delay"));
  }
  return delays;
}

void measure_kills(const std::string& name, Role role, const std::vector<int>& ranks, int rounds) {
  std::vector<double> delays;
  std::int64_t disturbed = 0;
  for (int round = 0; round < rounds; ++round) {
    Project project;
    add_minute(project);
    Process run = start(project);
    wait_for_work(run, project, 3);
    std::vector<std::pair<double, int>> kills;
    for (const int rank : ranks) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2300));
      if (const double at_s = kill_one(run, role, rank); at_s > 0) kills.push_back({at_s, rank});
    }
    std::this_thread::sleep_for(std::chrono::seconds(6));
    run.signal(SIGINT);
    run.wait();
    const auto more = delays_after(project, kills);
    delays.insert(delays.end(), more.begin(), more.end());
    disturbed +=
        query_number(project.database(), "SELECT count(*) FROM attempts WHERE state IN ('failed', 'lost')") -
        static_cast<std::int64_t>(more.size());
  }
  print(name + " killed, its segment runs again after", delays);
  std::printf("%s killed: %lld attempts of others disturbed\n", name.c_str(),
              static_cast<long long>(disturbed));
}

/// From the start of the command that goes on to its first attempt; and what the kill cost.
void measure_scheduler() {
  std::vector<double> delays;
  std::int64_t most_lost = 0;
  for (int round = 0; round < 5; ++round) {
    Project project;
    add_minute(project);
    Process killed = start(project);
    wait_for_work(killed, project, 3);
    kill_one(killed, Role::Rank, 0);
    killed.wait();
    const double at_s = now_s();
    Process run = start(project);
    std::this_thread::sleep_for(std::chrono::seconds(4));
    run.signal(SIGINT);
    run.wait();
    const auto rows =
        query_rows(project.database(), "SELECT min(" + seconds_of("started_at") + ")-" +
                                           std::to_string(at_s) + " AS delay FROM attempts WHERE epoch=2");
    delays.push_back(rows[0].at("delay"));
    most_lost =
        std::max(most_lost, query_number(project.database(),
                                         "SELECT ifnull(max(n), 0) FROM (SELECT count(*) AS n FROM attempts "
                                         "WHERE epoch=1 AND state='lost' GROUP BY group_id)"));
  }
  print("scheduler killed, 'run' again makes its first segment after", delays);
  std::printf("scheduler killed: at most %lld segment per group lost\n", static_cast<long long>(most_lost));
}

/// What a rank measured as work of the time from its first order to its last answer.
void measure_idle() {
  Project project;
  add_job(project, 4800, "1920*1080", 250);
  const Ended ended = project.start_run({kJob}, {"--ranks", "2"}).wait(std::chrono::seconds(900));
  const auto rows = query_rows(project.database(),
                               "SELECT count(*) AS n, avg(seconds) AS mean, sum(seconds) AS work, max(" +
                                   seconds_of("ended_at") + ")-min(" + seconds_of("started_at") +
                                   ") AS span FROM attempts WHERE state='finished' GROUP BY ranks");
  for (const auto& row : rows) {
    const double work = row.at("work");
    const double span = row.at("span");
    std::printf("idle: %d segments of %.1f s on average, %.2f %% of %.1f s\n", row.at("n").get<int>(),
                row.at("mean").get<double>(), 100 * (1 - work / span), span);
  }
  if (ended.exit_code != 0) std::printf("%s", ended.err.c_str());
}

}  // namespace
}  // namespace longtake

int main(int argument_count, char** arguments) {
  using namespace longtake;
  const std::map<std::string, std::function<void()>> parts = {
      {"engine",
       [] {
         measure_kills("engine", Role::Engine, {0, 1, 2, 1, 0, 2}, 3);
       }},
      {"rank",
       [] {
         measure_kills("rank", Role::Rank, {2, 1}, 5);
       }},
      {"scheduler", measure_scheduler},
      {"idle", measure_idle}};
  std::vector<std::string> wanted(arguments + 1, arguments + argument_count);
  if (wanted.empty()) wanted = {"engine", "rank", "scheduler", "idle"};
  for (const std::string& part : wanted) {
    const auto found = parts.find(part);
    if (found == parts.end()) {
      std::fprintf(stderr, "bench_recovery: '%s' is none of engine, rank, scheduler, idle\n", part.c_str());
      return 2;
    }
    found->second();
  }
  return 0;
}
