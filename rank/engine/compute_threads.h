#pragma once

#include <c10/core/Device.h>

#include <algorithm>
#include <cstdint>
#include <functional>

/// How an engine uses a CPU. The bits of a film must not depend on the number of threads, because an
/// engine that shares its host has fewer than one that does not. LibTorch and OpenBLAS cut their work by
/// the number of threads they have, which changes the last bits of products and of vectorized functions;
/// so both compute with one thread, and what is worth sharing is cut by us, into tiles whose size follows
/// from the shapes alone. One pool of threads also means that no two pools wait for each other by spinning.
namespace longtake {

/// Once, before the first tensor is computed. Without it tiles run one after another on the calling
/// thread, and LibTorch uses threads as it likes.
void use_compute_threads(int threads);

int compute_threads();

/// Which of them is calling, from 0: for memory that each has its own of.
int this_compute_thread();

/// work(tile) for tiles 0 to count - 1, on all compute threads, the caller's among them; on a device that
/// is parallel itself, one after another on the caller's. Tiles must not write to each other's memory.
/// Returns when all are done; an exception of one is thrown then. Called by one thread at a time; within
/// a tile it runs its tiles in order.
void for_each_tile(const c10::Device& device, std::int64_t count,
                   const std::function<void(std::int64_t)>& work);

/// Cuts `length` into equal parts of at most `largest`. A function of these two alone.
struct TileCut {
  TileCut(std::int64_t whole, std::int64_t largest)
      : length(whole),
        count((whole + largest - 1) / largest),
        size(count > 0 ? (whole + count - 1) / count : 0) {}

  std::int64_t begin(std::int64_t tile) const { return std::min(length, tile * size); }
  std::int64_t size_of(std::int64_t tile) const { return std::min(length - begin(tile), size); }

  std::int64_t length;
  std::int64_t count;
  std::int64_t size;  ///< of all but the last
};

/// work(first, rows) for rows that do not depend on each other: one tile on a device that is parallel.
void for_row_tiles(const c10::Device& device, std::int64_t rows,
                   const std::function<void(std::int64_t, std::int64_t)>& work);

}  // namespace longtake
