#include "rank/engine/pipeline/stage_routes.h"

#include <algorithm>
#include <string>

#include "jobs/error.h"

namespace longtake {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorKind::InvalidInput, "the layout does not fit the model: " + why);
}

/// Of the stages that do `step`, by their layers.
std::vector<int> row_of(const std::vector<Stage>& stages, std::int64_t layers, std::int64_t step) {
  std::vector<int> row;
  std::int64_t covered = 0;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (!stages[i].steps.contains(step)) continue;
    if (stages[i].layers.begin != covered || stages[i].layers.is_empty()) {
      refuse("engine " + std::to_string(i) + " does layers " + text_of(stages[i].layers) + " of step " +
             std::to_string(step) + " where layer " + std::to_string(covered) + " comes next");
    }
    covered = stages[i].layers.end;
    row.push_back(static_cast<int>(i));
  }
  if (covered == layers) return row;
  refuse("the engines of step " + std::to_string(step) + " do " + std::to_string(covered) + " layers of " +
         std::to_string(layers));
}

int first_with(const std::vector<Stage>& stages, bool Stage::*does, const char* what) {
  const auto found =
      std::find_if(stages.begin(), stages.end(), [&](const Stage& stage) { return stage.*does; });
  if (found == stages.end()) refuse(std::string("no engine encodes the ") + what);
  return static_cast<int>(found - stages.begin());
}

}  // namespace

StageRoutes::StageRoutes(const Layout& layout, std::int64_t layers, std::int64_t steps)
    : stages_(layout.stages) {
  for (std::int64_t step = 0; step < steps; ++step) rows_.push_back(row_of(stages_, layers, step));
  for (int index = 0; index < this->stages(); ++index) {
    const Interval own = stage(index).steps;
    if (own.end > steps)
      refuse("engine " + std::to_string(index) + " does steps " + text_of(own) + " of " +
             std::to_string(steps));
    for (std::int64_t step = own.begin; step < own.end; ++step) {
      if (row(step) != row(own.begin)) refuse("steps " + text_of(own) + " are not done by the same engines");
    }
  }
  if (stages_.empty() || !stages_.back().vae) refuse("the last engine does not decode");
  text_stage();
  audio_stage();
}

int StageRoutes::text_stage() const { return first_with(stages_, &Stage::text, "prompt"); }

int StageRoutes::audio_stage() const { return first_with(stages_, &Stage::audio, "speech"); }

std::optional<int> StageRoutes::beside(int stage, int distance) const {
  const Interval own = this->stage(stage).steps;
  if (own.is_empty()) return std::nullopt;
  const std::vector<int>& all = row(own.begin);
  const auto place = std::find(all.begin(), all.end(), stage) - all.begin() + distance;
  const bool is_there = 0 <= place && place < static_cast<std::ptrdiff_t>(all.size());
  return is_there ? std::optional(all[static_cast<std::size_t>(place)]) : std::nullopt;
}

std::set<int> StageRoutes::entries() const {
  std::set<int> all;
  for (const std::vector<int>& row : rows_) all.insert(row.front());
  return all;
}

std::set<int> StageRoutes::transformers() const {
  std::set<int> all;
  for (const std::vector<int>& row : rows_) all.insert(row.begin(), row.end());
  return all;
}

bool StageRoutes::writer_makes_all_latents() const {
  return std::all_of(rows_.begin(), rows_.end(),
                     [&](const std::vector<int>& row) { return row.back() == writer(); });
}

std::set<int> StageRoutes::users_of(std::int64_t level, bool is_kept) const {
  std::set<int> users;
  if (level < steps()) users = {entry(level), exit(level)};
  if (level == steps() || is_kept) users.insert(writer());
  return users;
}

std::set<int> StageRoutes::receivers_of(std::int64_t level, bool is_kept) const {
  std::set<int> receivers = users_of(level, is_kept);
  receivers.erase(exit(level - 1));
  return receivers;
}

std::set<int> StageRoutes::anchor_users() const {
  std::set<int> users = entries();
  users.insert(writer());
  return users;
}

}  // namespace longtake
