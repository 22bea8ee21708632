#pragma once

#include <nlohmann/json.hpp>

#include "scheduler/work_record.h"
#include "storage/job_store.h"
#include "storage/media/film_join.h"

namespace longtake {

struct FilmReportInput {
  StoredJob job;
  AttemptSummary attempts;
  std::vector<StoredAttempt> history;  ///< of every segment, by segment
  JoinReport join;
  double join_seconds = 0;
  JobShare share;
  WorkRecord work;  ///< of this run
};

/// The closing report of a film, as it is written to report.json (docs/formats.md).
nlohmann::json make_film_report(const FilmReportInput& input);

}  // namespace longtake
