#pragma once

#include <ATen/ATen.h>

#include <deque>
#include <map>
#include <vector>

#include "rank/engine/pipeline/group_seat.h"
#include "rank/engine/pipeline/latent_levels.h"

// C channels, F latent frames, Y latent rows, X latent columns
namespace longtake {

/// The latents that one stage uses, whoever makes them. Every stage tells of every block that goes through
/// a step, in the order of the passes; those of other makers are received when they are needed, so that a
/// row's entry runs ahead of its exit.
class SharedLatents {
 public:
  /// `kept`: clips that the next segment replays; the writer keeps all their levels.
  SharedLatents(const GroupSeat& seat, const ClipShape& shape, Interval kept)
      : seat_(seat), shape_(shape), levels_(shape), kept_(kept) {}

  /// Of a whole clip, known without anybody: noise, or what a carry brings. Nothing happens when this stage
  /// does not use it.
  void put_clip(std::int64_t level, std::int64_t clip, const at::Tensor& latent_CFYX);

  /// A block has gone through step `level` - 1. `latent` comes from its maker; nobody else's is looked at.
  void on_made(std::int64_t level, std::int64_t clip, std::int64_t block, const at::Tensor& latent_CFYX);

  /// Waits for its maker. Throws Error{Bug} for what this stage does not use.
  at::Tensor block(std::int64_t level, std::int64_t clip, std::int64_t block);

  /// Of the kept clips, for the writer: [C, F of all, Y, X] on the CPU.
  at::Tensor kept(std::int64_t level);

  void drop(std::int64_t level, std::int64_t clip);

  /// What is here now.
  const std::map<LatentLevels::Place, at::Tensor>& clips() const { return levels_.clips(); }

 private:
  struct Place {
    std::int64_t level, clip, block;
    friend bool operator==(const Place& a, const Place& b) {
      return a.level == b.level && a.clip == b.clip && a.block == b.block;
    }
  };

  bool is_used(std::int64_t level, std::int64_t clip) const;
  void receive_next(std::deque<Place>& awaited);

  GroupSeat seat_;
  ClipShape shape_;
  LatentLevels levels_;
  Interval kept_;
  std::map<int, std::deque<Place>> awaited_;  ///< by maker, in its order
};

}  // namespace longtake
