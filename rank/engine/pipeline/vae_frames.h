#pragma once

#include <cstdint>
#include <functional>

#include "rank/engine/pipeline/latent_sink.h"
#include "rank/engine/vae/vae_decoder.h"

namespace longtake {

/// A frame of the film: height x width x 3 bytes, valid during the call.
using FrameSink = std::function<void(const std::uint8_t* rgb)>;

/// Decodes latents as a stream and hands every frame out as it is made: four for a latent frame of the
/// segment, none for what precedes it. Something must precede a segment after each restart: the first
/// latent frame of a stream gives one frame only. Throws Error{Bug} when nothing does. Belongs to one
/// thread; `decoder` must outlive it.
class VaeFrames : public LatentSink {
 public:
  VaeFrames(const VaeDecoder& decoder, FrameSink sink) : decoder_(decoder), sink_(std::move(sink)) {}

  void restart() override { stream_ = VaeStream(); }
  void precede(const at::Tensor& latent_CFYX) override { decode(latent_CFYX); }
  void add(const at::Tensor& latent_CFYX) override;

 private:
  at::Tensor decode(const at::Tensor& latent_CFYX);
  at::Tensor fetched(const at::Tensor& rgb_THWC);
  void hand_out(const at::Tensor& rgb_THWC) const;

  const VaeDecoder& decoder_;
  FrameSink sink_;
  VaeStream stream_;
  at::Tensor room_THWC_;  ///< on the host, in pages that do not move: what a GPU copies fastest to
};

}  // namespace longtake
