#include "rank/engine/transformer/tiled_attention.h"

#include "rank/engine/kernels/joined_attention.h"

namespace longtake {
namespace {

constexpr std::int64_t kTile = 128, kManyKeys = 32 * kTile, kManyQueries = 16 * kTile;

/// Of the keys that the last queries see: one tile of queries for each head would leave most of a GPU idle.
constexpr std::int64_t kParts = 3;
static_assert(kParts + 1 <= kMostAttentionParts, "these and the last keys are joined at once");

/// A GPU works on tiles of queries in rounds, as many at a time as it has processors: a last tile that is
/// hardly filled may cost a round. Of few queries it costs no more than calls of its own would.
std::int64_t queries_in_tiles(std::int64_t queries) {
  return queries < kManyQueries ? queries : queries / kTile * kTile;
}

/// A kernel that looks at the end of the keys is slower for all of them, not for the last tile only. So the
/// keys that are too many are asked for alone, with a tile more, that they are not too few for a kernel.
std::int64_t keys_in_tiles(std::int64_t keys) { return (keys / kTile - 1) / kParts * kParts * kTile; }

at::Tensor in_parts(const at::Tensor& x_BSHK) {
  return x_BSHK.view({kParts, x_BSHK.size(1) / kParts, x_BSHK.size(2), x_BSHK.size(3)});
}

AttentionPart part(const AttentionFound& found, std::int64_t index) {
  return {found.found_BLHK[index], found.sum_BHL[index]};
}

AttentionPart of_queries(const AttentionPart& part, std::int64_t first, std::int64_t count) {
  return {part.found_LHK.narrow(0, first, count), part.sum_HL.narrow(1, first, count)};
}

}  // namespace

bool gains_by_tiles(const at::Tensor& q_BLHK, const at::Tensor& k_BSHK) {
  const std::int64_t queries = q_BLHK.size(1), keys = k_BSHK.size(1);
  return q_BLHK.size(0) == 1 && keys >= kManyKeys &&
         (keys % kTile != 0 || queries_in_tiles(queries) != queries);
}

at::Tensor attention_by_tiles(const at::Tensor& q_BLHK, const at::Tensor& k_BSHK, const at::Tensor& v_BSHK,
                              const AttentionAmong& among) {
  const std::int64_t queries = q_BLHK.size(1), most = queries_in_tiles(queries), rest = queries - most;
  const std::int64_t keys = k_BSHK.size(1), whole = keys_in_tiles(keys);
  const at::Tensor k_whole = k_BSHK.narrow(1, 0, whole), v_whole = v_BSHK.narrow(1, 0, whole);
  const at::Tensor out_BLHK = at::empty(q_BLHK.sizes(), q_BLHK.options());

  const AttentionPart last_keys =
      part(among(q_BLHK, k_BSHK.narrow(1, whole, keys - whole), v_BSHK.narrow(1, whole, keys - whole)), 0);
  const AttentionFound found = among(q_BLHK.narrow(1, 0, most), k_whole, v_whole);
  join_attention(out_BLHK[0].narrow(0, 0, most), {part(found, 0), of_queries(last_keys, 0, most)});
  if (rest == 0) return out_BLHK;

  const at::Tensor last_BLHK = q_BLHK.narrow(1, most, rest).repeat({kParts, 1, 1, 1});
  const AttentionFound in_each = among(last_BLHK, in_parts(k_whole), in_parts(v_whole));
  std::vector<AttentionPart> parts{of_queries(last_keys, most, rest)};
  for (std::int64_t index = 0; index < kParts; ++index) parts.push_back(part(in_each, index));
  join_attention(out_BLHK[0].narrow(0, most, rest), parts);
  return out_BLHK;
}

}  // namespace longtake
