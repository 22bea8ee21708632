#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "storage/job_store.h"
#include "tests/storage/small_disk.h"

/// A store on the disk, with a job in it, and what tests do to it.
namespace longtake {

inline constexpr std::int64_t kNow_ms = 1'700'000'000'250;
inline constexpr const char* kNow = "2023-11-14T22:13:20.250Z";
inline const SegmentFacts kFacts{123'456'789'012, 384, 0xffffffff, 0x80000001, 7};

inline StoredJob made_up_job(const std::string& name) {
  StoredJob job;
  job.name = name;
  job.identity = "abc123";
  job.identity_of = R"({"prompt":"A 'quoted' prompt; DROP TABLE jobs"})";
  job.engine = "slate";
  job.size = {384, 704};
  job.film_frames = 20 * 48 - 5;
  job.clips = 20;
  job.infer_frames = 48;
  job.segment_clips = 8;
  job.output = "/films/" + name + ".mp4";
  job.ranges = {{{}, {0, 16}, {{{}, {0, 8}, {}, {}}, {{}, {8, 16}, {}, {}}}},
                {{}, {16, 20}, {{{}, {16, 20}, {}, {}}}}};
  return job;
}

class JobStoreFile : public testing::Test {
 protected:
  JobStore open() const { return JobStore::open(file_, 0); }

  /// One value of the closed database, as text.
  std::string value(const std::string& query) const {
    SQLite::Database db(file_.string(), SQLite::OPEN_READONLY);
    SQLite::Statement row(db, query);
    return row.executeStep() && !row.getColumn(0).isNull() ? row.getColumn(0).getString() : "";
  }

  TestFolder folder_;
  std::filesystem::path file_ = folder_.path() / "longtake.db";
};

/// A store with one job whose three segments have the ids of `segments`.
class JobStoreRun : public JobStoreFile {
 protected:
  JobStoreRun() {
    epoch_ = store_->begin_run("node", 1, "cpu", kNow_ms);
    job_ = store_->add_job(made_up_job("news"), kNow_ms);
  }

  SegmentId segment(std::size_t range, std::size_t index) const {
    return job_.ranges[range].segments[index].id;
  }
  StoredSegment stored(std::size_t range, std::size_t index) const {
    return store_->find_job("news")->ranges[range].segments[index];
  }
  void save(std::vector<Change> changes) { store_->save(epoch_, changes); }
  void start(std::int64_t attempt, SegmentId of) {
    save({AttemptStarted{{attempt}, of, GroupId{0}, kNow_ms}});
  }
  void close() { store_.reset(); }
  void reopen() {
    close();
    store_.emplace(open());
  }

  std::optional<JobStore> store_{open()};
  Epoch epoch_;
  StoredJob job_;
};

}  // namespace longtake
