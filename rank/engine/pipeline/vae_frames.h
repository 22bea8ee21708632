#pragma once

#include <cstdint>
#include <functional>

#include "rank/engine/pipeline/latent_sink.h"
#include "rank/engine/pipeline/side_stream.h"
#include "rank/engine/vae/vae_decoder.h"

namespace longtake {

/// A frame of the film: height x width x 3 bytes, valid during the call.
using FrameSink = std::function<void(const std::uint8_t* rgb)>;

/// When a GPU decodes. The frames are the same; a CPU does everything in turn.
enum class Decoding {
  InTurn,  ///< before what is asked of it next; frames come with their latents
  Beside,  ///< while it does that, in memory of its own; frames come when they are caught up with
};

/// Decodes latents as a stream and hands every frame out in order: four for a latent frame of the segment,
/// none for what precedes it. Something must precede a segment after each restart: the first latent frame of
/// a stream gives one frame only. Throws Error{Bug} when nothing does. Belongs to one thread; `decoder` must
/// outlive it.
class VaeFrames : public LatentSink {
 public:
  VaeFrames(const VaeDecoder& decoder, FrameSink sink, Decoding decoding = Decoding::Beside);

  void restart() override { stream_ = VaeStream(); }
  void precede(const at::Tensor& latent_CFYX) override;
  void add(const at::Tensor& latent_CFYX) override;
  void catch_up() override;

 private:
  at::Tensor decode(const at::Tensor& latent_CFYX);
  at::Tensor fetched(const at::Tensor& rgb_THWC);

  const VaeDecoder& decoder_;
  FrameSink sink_;
  VaeStream stream_;
  at::Tensor made_THWC_;  ///< of the latest block, where they were decoded, until they are handed out
  at::Tensor room_THWC_;  ///< on the host, in pages that do not move: what a GPU copies fastest to
  SideStream side_;       ///< gone first: it waits for what is still decoded into the rest
};

}  // namespace longtake
