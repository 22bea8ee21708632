#pragma once

#include <string>
#include <vector>

namespace longtake {

/// The processes that one mpirun or srun started: who they are, and exchanges at the start. The one
/// home of MPI. One per process, used by one thread. Throws Error{Io} with MPI's own words.
class MpiWorld {
 public:
  MpiWorld();

  /// Ends MPI only after leave(): with a dead peer the end of MPI waits for ever.
  ~MpiWorld();
  MpiWorld(const MpiWorld&) = delete;
  MpiWorld& operator=(const MpiWorld&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }
  /// Place among the ranks of this host, from 0.
  int local_rank() const { return local_rank_; }

  /// Everyone's text by rank, on rank 0; empty elsewhere. Every rank calls it.
  std::vector<std::string> gather(const std::string& text) const;

  /// Rank 0's text, on every rank. Every rank calls it; the others' `text` is not looked at.
  std::string broadcast(const std::string& text) const;

  /// Says that every rank is alive and about to end, so that the destructor may wait for them.
  void leave() { may_finalize_ = true; }

 private:
  int rank_ = 0;
  int size_ = 1;
  int local_rank_ = 0;
  bool may_finalize_ = false;
};

}  // namespace longtake
