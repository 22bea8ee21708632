#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "jobs/layout.h"

/// Who of a group does what and sends what to whom: values, no tensors. Engines go by their stage.
namespace longtake {

/// The stages of each denoising step form a row that shares out the transformer's layers: hidden states
/// go from its entry, which makes them of a latent, to its exit, which makes the next latent of them.
/// Latents are known by level: 0 is noise, which everyone makes for himself; level s enters step s; the
/// last one is decoded by the writer, the last stage.
class StageRoutes {
 public:
  /// Throws Error{InvalidInput} when the stages do not do each of `layers` and `steps` exactly once, in
  /// order, when a stage's steps have different rows, or when not the last one decodes.
  StageRoutes(const Layout& layout, std::int64_t layers, std::int64_t steps);

  std::int64_t steps() const { return static_cast<std::int64_t>(rows_.size()); }
  const Stage& stage(int index) const { return stages_.at(static_cast<std::size_t>(index)); }
  int stages() const { return static_cast<int>(stages_.size()); }

  const std::vector<int>& row(std::int64_t step) const { return rows_.at(static_cast<std::size_t>(step)); }
  int entry(std::int64_t step) const { return row(step).front(); }
  int exit(std::int64_t step) const { return row(step).back(); }
  int writer() const { return stages() - 1; }
  /// Encodes the prompt and the reference image.
  int text_stage() const;
  /// Encodes the speech.
  int audio_stage() const;

  bool is_in_row(int stage, std::int64_t step) const { return this->stage(stage).steps.contains(step); }

  /// The neighbours in a stage's row; none at its ends, nor for a stage without layers.
  std::optional<int> before(int stage) const { return beside(stage, -1); }
  std::optional<int> next(int stage) const { return beside(stage, 1); }

  /// The first stage of every row.
  std::set<int> entries() const;
  /// Those with layers.
  std::set<int> transformers() const;

  /// Whether the writer is every row's exit: then it has all latents, of every level, that there are.
  bool writer_makes_all_latents() const;

  /// Who uses a latent that has gone through `level` steps, level 1 and above: who embeds it, who moves it
  /// on by the next step's velocity, and the writer, which keeps what the next segment needs
  /// (`is_kept`) and decodes the last level.
  std::set<int> users_of(std::int64_t level, bool is_kept) const;
  /// Those of them that do not make it themselves: it is sent to each once.
  std::set<int> receivers_of(std::int64_t level, bool is_kept) const;

  /// Who uses the anchor: it replaces the reference in the sink, and goes into the carry.
  std::set<int> anchor_users() const;

 private:
  /// So many places behind a stage in its row.
  std::optional<int> beside(int stage, int distance) const;

  std::vector<Stage> stages_;
  std::vector<std::vector<int>> rows_;  ///< by step
};

}  // namespace longtake
