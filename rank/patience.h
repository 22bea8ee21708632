#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace longtake {

/// What an engine is silent over.
enum class EnginePhase {
  Start,       ///< its process's start to EngineStarted
  Load,        ///< an order to its first sign of work, when it did not make such a segment last: it loads
  FirstBlock,  ///< the same when it did
  Blocks,      ///< between later signs, and from the last one to the answer
};

/// A time for each phase.
using PhaseTimes_ms = std::map<EnginePhase, std::int64_t>;

/// How long an engine may be silent before it is taken for hung: at first as long as the profile says; once
/// it has finished attempts at some work, a multiple of its longest silences in them. Never longer than the
/// profile says, and not so short that a slow disk or a busy host looks like a hang. Pure; belongs to a rank.
class Patience {
 public:
  /// `most`: the profile's, for every phase.
  explicit Patience(PhaseTimes_ms most) : most_(std::move(most)) {}

  /// `work` names what silences are compared by: those of another model or size say nothing.
  /// `silence_ms`: the longest of this phase in the present attempt, which counts as well.
  std::int64_t limit_ms(const std::string& work, EnginePhase phase, std::int64_t silence_ms = 0) const;

  /// The longest silence of this phase in attempts that finished; 0 when there was none.
  std::int64_t longest_ms(const std::string& work, EnginePhase phase) const;

  /// An attempt has finished, with these as its longest silences.
  void learn(const std::string& work, const PhaseTimes_ms& silences);

  /// A limit was overstepped. It may have been wrong: the next try gets all the time the profile gives.
  void forget(const std::string& work) { longest_.erase(work); }

 private:
  PhaseTimes_ms most_;
  std::map<std::string, PhaseTimes_ms> longest_;
};

}  // namespace longtake
