#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "storage/job_store.h"
#include "storage/media/film_join.h"

namespace longtake {

struct FilmReportInput {
  StoredJob job;
  AttemptSummary attempts;
  JoinReport join;
  double join_seconds = 0;
  std::int64_t predicted_peak_bytes = 0;  ///< of one GPU or slot; 0: not predicted
};

/// The closing report of a film, as it is written to report.json (docs/formats.md).
nlohmann::json make_film_report(const FilmReportInput& input);

}  // namespace longtake
