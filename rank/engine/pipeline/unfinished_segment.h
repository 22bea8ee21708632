#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "rank/engine/pipeline/clip_shape.h"
#include "rank/engine/pipeline/group_seat.h"
#include "rank/engine/pipeline/passes.h"

// C channels, F latent frames, Y latent rows, X latent columns
namespace longtake {

/// What there is of a segment, made in step-major order, that had to be stopped: enough for any layout of
/// that order to go on behind its last block. The caches are not in it (tens of GB for the large model, where
/// this is 200 MB); that of the step it was in is filled again from the latents. Tensors are float32 on the
/// CPU.
struct UnfinishedSegment {
  std::int64_t passes_done = 0;  ///< of passes_of()
  at::Tensor anchor_CFYX;        ///< [C, 1, Y, X]
  /// Whole clips [C, F, Y, X] by how many steps they have gone through and clip. Of the last one made, blocks
  /// may be missing (zero).
  std::map<std::pair<std::int64_t, std::int64_t>, at::Tensor> latents_CFYX;
};

/// Whose it is: another job's, or one cut or stepped otherwise, is of no use.
struct UnfinishedOwner {
  std::string identity;  ///< of the job
  Chain chain;
  std::int64_t steps = 0;
  ClipShape clip;
};

/// One safetensors file with the tensors `anchor` and `latents.<steps>.<clip>`, durable when this returns.
/// Throws Error{Io} or Error{DiskFull}.
void write_unfinished(const std::filesystem::path& path, const UnfinishedSegment& segment,
                      const UnfinishedOwner& owner);

/// nullopt when there is none, and for a file that is not the owner's or not whole: then the segment is made
/// from its beginning. Throws Error{Io} for the disk.
std::optional<UnfinishedSegment> read_unfinished(const std::filesystem::path& path,
                                                 const UnfinishedOwner& owner);

/// All engines of a group call this with what each has found: engines that went different ways through the
/// passes would wait for each other in vain. Returns it when the writer has found any. Throws Error{Io} when
/// ours is not as far as the writer's, and as Transport does.
std::optional<UnfinishedSegment> agreed_unfinished(const GroupSeat& seat,
                                                   std::optional<UnfinishedSegment> ours);

}  // namespace longtake
