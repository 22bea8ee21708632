#include "rank/engine/pipeline/vae_frames.h"

#include "jobs/error.h"

// C channels, F latent frames, Y latent rows, X latent columns, T frames, H height, W width
namespace longtake {
namespace {

/// -1 to 1 becomes 0 to 255, where the frames are: a quarter as much to fetch, and nothing to compute behind
/// it.
at::Tensor bytes_THWC(const at::Tensor& frames_CTHW) {
  return frames_CTHW.permute({1, 2, 3, 0})
      .clamp(-1, 1)
      .add_(1)
      .mul_(127.5)
      .round_()
      .to(at::kByte)
      .contiguous();
}

}  // namespace

VaeFrames::VaeFrames(const VaeDecoder& decoder, FrameSink sink, Decoding decoding)
    : decoder_(decoder),
      sink_(std::move(sink)),
      side_(decoding == Decoding::Beside ? decoder.device() : at::Device(at::kCPU)) {}

at::Tensor VaeFrames::decode(const at::Tensor& latent_CFYX) {
  return decoder_.decode(stream_, latent_CFYX.unsqueeze(0))[0];
}

void VaeFrames::precede(const at::Tensor& latent_CFYX) {
  side_.follow(latent_CFYX);
  side_.run([&] { decode(latent_CFYX); });
}

void VaeFrames::add(const at::Tensor& latent_CFYX) {
  if (stream_.is_new()) throw Error(ErrorKind::Bug, "nothing precedes the first block of a segment");
  catch_up();
  side_.follow(latent_CFYX);
  side_.run([&] { made_THWC_ = bytes_THWC(decode(latent_CFYX)); });
  if (!side_.is_one()) catch_up();
}

void VaeFrames::catch_up() {
  if (!made_THWC_.defined()) return;
  at::Tensor rgb_THWC;
  side_.run([&] { rgb_THWC = fetched(made_THWC_); });
  made_THWC_.reset();
  for (std::int64_t frame = 0; frame < rgb_THWC.size(0); ++frame) {
    sink_(rgb_THWC[frame].data_ptr<std::uint8_t>());
  }
}

/// Waits for them.
at::Tensor VaeFrames::fetched(const at::Tensor& rgb_THWC) {
  if (rgb_THWC.is_cpu()) return rgb_THWC;
  if (!room_THWC_.defined() || room_THWC_.sizes() != rgb_THWC.sizes()) {
    room_THWC_ = at::empty(rgb_THWC.sizes(), at::TensorOptions(at::kByte).pinned_memory(true));
  }
  return room_THWC_.copy_(rgb_THWC);
}

}  // namespace longtake
