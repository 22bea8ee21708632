#pragma once

#include <map>
#include <vector>

#include "rank/engine/pipeline/conditioning.h"
#include "rank/engine/pipeline/denoiser.h"
#include "rank/engine/pipeline/group_seat.h"

namespace longtake {

/// What the blocks of a segment hear. The first stage of a row hears for all of it: the audio encoder is
/// with the first layer.
class BlockAudio {
 public:
  /// All three must outlive it.
  BlockAudio(const GroupSeat& seat, const Denoiser& denoiser, const Conditioning& conditioning)
      : seat_(seat), denoiser_(denoiser), conditioning_(conditioning) {}

  /// Called for the same clips in the same order by all of a row. Before clip 0 there is silence.
  void hear(std::int64_t clip);

  const AudioTokens& of(std::int64_t clip, std::int64_t block) const {
    return clips_.at(clip).at(static_cast<std::size_t>(block));
  }

 private:
  at::Tensor features_ZEV(std::int64_t clip) const;

  const GroupSeat& seat_;
  const Denoiser& denoiser_;
  const Conditioning& conditioning_;
  std::map<std::int64_t, std::vector<AudioTokens>> clips_;
};

}  // namespace longtake
