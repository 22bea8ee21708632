#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "scheduler/rehearsal/trial_result.h"

namespace longtake {
namespace {

using nlohmann::json;
using Row = std::vector<std::string>;

std::string fixed(double number, int digits) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return text.data();
}

std::string gigabytes(std::int64_t bytes) { return fixed(static_cast<double>(bytes) / 1e9, 2) + " GB"; }

std::string ms_text(double ms) { return ms > 0 ? fixed(ms, 1) + " ms" : "-"; }

std::string duration(double seconds) {
  const auto whole = static_cast<long long>(std::ceil(seconds));
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  return text.data();
}

/// Columns as wide as their widest cell.
std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line = "  ";
    for (std::size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string trials_table(const Rehearsal& rehearsal, const std::vector<TrialResult>& results) {
  std::vector<Row> rows = {{"stage", "predicted", "measured", "may use", "step", "decode", "load"}};
  for (std::size_t i = 0; i < results.size(); ++i) {
    const StageTrial& trial = rehearsal.trials[i];
    const TrialResult& result = results[i];
    const bool is_measured = result.end == TrialEnd::Measured;
    rows.push_back({trial.what, gigabytes(trial.predicted_bytes),
                    is_measured ? gigabytes(result.peak_bytes) : std::string(name_of(result.end)),
                    gigabytes(trial.capacity_bytes), ms_text(result.step_ms), ms_text(result.decode_ms),
                    is_measured ? fixed(result.load_s + result.encode_s, 1) + " s" : "-"});
  }
  return aligned(rows);
}

std::string films_table(const std::vector<ExpectedFilm>& films) {
  std::vector<Row> rows = {{"job", "planned", "measured", "ready after"}};
  for (const ExpectedFilm& film : films) {
    const bool is_known = film.frames_per_second > 0;
    rows.push_back({film.name, fixed(film.planned_frames_per_second, 2) + " frames/s",
                    is_known ? fixed(film.frames_per_second, 2) + " frames/s" : "-",
                    is_known ? duration(film.seconds) : "-"});
  }
  return aligned(rows);
}

json json_of(const StageTrial& trial, const TrialResult& result) {
  return {{"stage", trial.what},
          {"engine_arguments", trial.arguments},
          {"result", std::string(name_of(result.end))},
          {"message", result.message},
          {"device", result.device},
          {"weights", result.has_random_weights ? "random" : "checkpoint"},
          {"predicted_bytes", trial.predicted_bytes},
          {"peak_bytes", result.peak_bytes},
          {"capacity_bytes", trial.capacity_bytes},
          {"step_ms", result.step_ms},
          {"steps", result.steps},
          {"decode_ms", result.decode_ms},
          {"load_seconds", result.load_s},
          {"encode_seconds", result.encode_s}};
}

}  // namespace

std::vector<std::string> shortcomings(const Rehearsal& rehearsal, const std::vector<TrialResult>& results) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const StageTrial& trial = rehearsal.trials[i];
    const TrialResult& result = results[i];
    const bool is_measured = result.end == TrialEnd::Measured;
    if (is_measured && result.peak_bytes <= trial.capacity_bytes) continue;
    if (result.end == TrialEnd::Failed || result.end == TrialEnd::Refused) {
      lines.push_back(trial.what + " " + std::string(name_of(result.end)) + ": " + result.message);
      continue;
    }
    lines.push_back(trial.what + (is_measured ? " took " + gigabytes(result.peak_bytes) + " of the " +
                                                    gigabytes(trial.capacity_bytes) + " that it may use"
                                              : " ran out of memory: " + result.message));
  }
  return lines;
}

std::string rehearsal_table(const Plan& plan, const Rehearsal& rehearsal,
                            const std::vector<TrialResult>& results) {
  if (results.empty()) return "nothing to rehearse: no job of these is made by a model\n";
  const TrialResult& first = results.front();
  std::string text =
      "profile " + plan.profile + " on " + (first.device.empty() ? "this machine" : first.device) +
      (first.has_random_weights ? ", random weights" : "") + "\n" + trials_table(rehearsal, results) + "\n" +
      films_table(expected_films(plan, rehearsal, results));
  const std::vector<std::string> lines = shortcomings(rehearsal, results);
  if (lines.empty()) return text + "\neverything fits\n";
  text += "\nwhat does not fit or failed:\n";
  for (const std::string& line : lines) text += "  " + line + "\n";
  return text;
}

json rehearsal_json(const Plan& plan, const Rehearsal& rehearsal, const std::vector<TrialResult>& results) {
  json stages = json::array(), films = json::array();
  for (std::size_t i = 0; i < results.size(); ++i) stages.push_back(json_of(rehearsal.trials[i], results[i]));
  for (const ExpectedFilm& film : expected_films(plan, rehearsal, results)) {
    films.push_back({{"name", film.name},
                     {"planned_frames_per_second", film.planned_frames_per_second},
                     {"frames_per_second", film.frames_per_second},
                     {"seconds", film.seconds}});
  }
  return {{"profile", plan.profile},
          {"fits", is_good(rehearsal, results)},
          {"stages", std::move(stages)},
          {"jobs", std::move(films)},
          {"reasons", shortcomings(rehearsal, results)}};
}

}  // namespace longtake
