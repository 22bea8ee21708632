#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What an engine is to do wrong, when and how often: a script of rules, one a line or between semicolons,
/// what follows a # being a remark.
///
///     exit frame=100 attempt=1              # ends after 100 frames of attempt 1
///     hang at=load rank=2 start=1           # the first engine of rank 2 never says a word
///     out_of_memory above=688*368
///     torn_file one_in=40 seed=7            # one segment in 40
///     late seconds=5 job=news clip=8        # answers for the segment that begins at clip 8 after 5 s
namespace longtake {

enum class Deed {
  // Before a segment, during one, or at=load.
  Exit,  ///< with code 3
  Kill,  ///< by SIGKILL
  Hang,
  // At the start.
  Deaf,           ///< says that it started, and takes nothing from its line
  WrongProtocol,  ///< says that it speaks protocol 99
  // What the line to the rank carries.
  Garbage,
  Endless,  ///< a line without an end
  Close,
  OldAttempt,  ///< reports the attempt before as made, then makes its own
  // Instead of a segment.
  IoError,
  DiskFull,
  OutOfMemory,
  NotConnected,      ///< unless it was started without peer-to-peer and InfiniBand
  Wait,              ///< for its cancellation
  Pretend,           ///< reports a segment that it has not made
  LastWords,         ///< the same, then ends
  Print,             ///< to standard output, then pretends
  CountDescriptors,  ///< reports how many stray ones it has as frames
  // A segment that is not as it should be.
  TornFile,   ///< loses its second half under its final name; the facts reported are those of the whole
  ShortFile,  ///< has one frame too few, and says so
  Late,       ///< is right, and reported `seconds` late
};

/// The word of the scripts: "torn_file".
std::string_view name_of(Deed deed);

struct FaultRule {
  Deed deed = Deed::Exit;
  bool is_at_load = false;
  std::int64_t frame = 0;    ///< after so many frames of the segment
  std::int64_t seconds = 1;  ///< of Late
  // Whom it is for; without a condition: everybody.
  std::optional<std::int64_t> rank;
  std::optional<std::int64_t> start;  ///< of the rank's engines, from 1
  std::optional<std::int64_t> clip;   ///< the segment's first
  std::optional<std::int64_t> attempt;
  std::optional<std::int64_t> pixels_above;
  std::string job;  ///< empty: any
  // Of those, so many by chance; the same draw for the same rank, segment, attempt and seed.
  std::int64_t one_in = 1;
  std::int64_t seed = 0;
};

/// Throws Error{InvalidInput} that names the rule.
std::vector<FaultRule> parse_fault_rules(const std::string& script);

/// An engine before its first order, or with one.
struct FaultSubject {
  std::int64_t rank = 0;
  std::int64_t start = 1;
  std::string job;
  std::int64_t clip = 0;
  std::int64_t attempt = 0;
  std::int64_t pixels = 0;
  bool has_plain_transport = false;  ///< NCCL_P2P_DISABLE and NCCL_IB_DISABLE are 1
};

/// The first rule for an engine that starts, for one that got an order.
std::optional<FaultRule> fault_at_load(const std::vector<FaultRule>& rules, const FaultSubject& engine);
std::optional<FaultRule> fault_of_order(const std::vector<FaultRule>& rules, const FaultSubject& order);

}  // namespace longtake
