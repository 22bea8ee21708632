#include "rank/engine/pipeline/shared_latents.h"

#include <algorithm>
#include <string>

namespace longtake {
namespace {

std::string tag_of(std::int64_t level, std::int64_t clip, std::int64_t block) {
  return "latent after " + std::to_string(level) + " steps, clip " + std::to_string(clip) + ", block " +
         std::to_string(block);
}

}  // namespace

bool SharedLatents::is_used(std::int64_t level, std::int64_t clip) const {
  return seat_.routes.users_of(level, kept_.contains(clip)).count(seat_.stage) == 1;
}

void SharedLatents::put_clip(std::int64_t level, std::int64_t clip, const at::Tensor& latent_CFYX) {
  if (is_used(level, clip)) levels_.put_clip(level, clip, latent_CFYX);
}

void SharedLatents::on_made(std::int64_t level, std::int64_t clip, std::int64_t block,
                            const at::Tensor& latent_CFYX) {
  const int maker = seat_.routes.exit(level - 1);
  const bool is_ours = maker == seat_.stage;
  // Sent before it is put here: a transport that waits for the device to compute it passes on what else is
  // under way meanwhile, a copy does not.
  if (is_ours) {
    for (const int receiver : seat_.routes.receivers_of(level, kept_.contains(clip))) {
      seat_.transport->send(receiver, Lane::Free, tag_of(level, clip, block), latent_CFYX);
    }
  }
  if (!is_used(level, clip)) return;
  is_ours ? levels_.put_block(level, clip, block, latent_CFYX)
          : awaited_[maker].push_back({level, clip, block});
}

at::Tensor SharedLatents::block(std::int64_t level, std::int64_t clip, std::int64_t block) {
  if (level > 0) {
    std::deque<Place>& awaited = awaited_[seat_.routes.exit(level - 1)];
    const Place wanted{level, clip, block};
    while (std::find(awaited.begin(), awaited.end(), wanted) != awaited.end()) receive_next(awaited);
  }
  return levels_.block(level, clip, block);
}

void SharedLatents::receive_next(std::deque<Place>& awaited) {
  const Place next = awaited.front();
  awaited.pop_front();
  const at::Tensor latent_CFYX = seat_.transport->receive(
      seat_.routes.exit(next.level - 1), Lane::Free, tag_of(next.level, next.clip, next.block),
      {shape_.channels, kBlockLatentFrames, shape_.height, shape_.width});
  levels_.put_block(next.level, next.clip, next.block, latent_CFYX);
}

at::Tensor SharedLatents::kept(std::int64_t level) {
  for (std::int64_t clip = kept_.begin; clip < kept_.end; ++clip) {
    for (std::int64_t i = 0; i < shape_.blocks; ++i) block(level, clip, i);
  }
  return levels_.joined(level, kept_);
}

void SharedLatents::drop(std::int64_t level, std::int64_t clip) {
  if (!kept_.contains(clip)) levels_.drop(level, clip);
}

}  // namespace longtake
