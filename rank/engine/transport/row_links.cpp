#include "rank/engine/transport/row_links.h"

#include <charconv>
#include <set>
#include <string>
#include <vector>

#include "jobs/error.h"

namespace longtake {
namespace {

using std::chrono::steady_clock;

/// Whether an engine can use NCCL, told to all others.
constexpr const char* kAbility = "ability";
constexpr const char* kCan = "nccl";
constexpr const char* kCannot = "host";
/// Under which a sender meets its receiver.
constexpr const char* kId = "nccl id";

/// Enough for all the ways that a large tensor takes at once.
constexpr std::int64_t kTrialNumbers = 1 << 20;

std::string hex_of(const NcclId& id) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string hex;
  for (const char letter : id) {
    const auto byte = static_cast<unsigned char>(letter);
    hex += kDigits[byte / 16];
    hex += kDigits[byte % 16];
  }
  return hex;
}

NcclId id_of(const std::string& hex) {
  NcclId id{};
  bool is_id = hex.size() == 2 * id.size();
  for (std::size_t i = 0; is_id && i < id.size(); ++i) {
    const char* const begin = hex.data() + 2 * i;
    unsigned char byte = 0;
    is_id = std::from_chars(begin, begin + 2, byte, 16).ptr == begin + 2;
    id[i] = static_cast<char>(byte);
  }
  if (is_id) return id;
  throw Error(ErrorKind::Bug, "an engine of the group sent something else than an id of NCCL: " + hex);
}

/// A link that is being made.
struct NewLink {
  int neighbour = 0;
  LinkEnd end = LinkEnd::Sender;
  std::unique_ptr<NcclLink> link;
  at::Tensor arrived;  ///< at a receiver: what was tried

  bool is_receiver() const { return end == LinkEnd::Receiver; }
};

/// What NCCL does while two engines connect; at any other time its failures are a lost device.
template <class Action>
auto connecting(int neighbour, const Action& action) {
  try {
    return action();
  } catch (const Error& e) {
    throw Error(ErrorKind::NotConnected, "connecting with " + engine_name(neighbour) + ": " + e.what());
  }
}

void tell_all(GroupLine& line, bool can) {
  for (int engine = 0; engine < line.engines(); ++engine) {
    if (engine != line.self()) line.post_notice(engine, kAbility, can ? kCan : kCannot);
  }
}

/// When all have come: those of the others that can use NCCL.
std::set<int> hear_all(GroupLine& line) {
  std::set<int> able;
  for (int engine = 0; engine < line.engines(); ++engine) {
    if (engine == line.self()) continue;
    if (line.wait_for(engine, kAbility, "it to come").tag == kCan) able.insert(engine);
  }
  return able;
}

NcclId shared_id(GroupLine& line, const NcclLibrary& nccl, const NewLink& wanted) {
  if (wanted.is_receiver()) return id_of(line.wait_for(wanted.neighbour, kId, "its id of NCCL").tag);
  const NcclId id = connecting(wanted.neighbour, [&] { return nccl.make_id(); });
  line.post_notice(wanted.neighbour, kId, hex_of(id));
  return id;
}

void wait_for_links(GroupLine& line, const std::vector<NewLink>& links, std::chrono::milliseconds longest) {
  const auto begin = steady_clock::now();
  for (const NewLink& made : links) {
    const auto is_idle = [&] {
      if (connecting(made.neighbour, [&] { return made.link->is_idle(); })) return true;
      if (steady_clock::now() - begin < longest) return false;
      throw Error(ErrorKind::NotConnected, "NCCL did not connect with " + engine_name(made.neighbour) +
                                               " within " + std::to_string(longest.count()) + " ms");
    };
    line.wait_until(is_idle, made.neighbour, "for NCCL to connect", GroupLine::Looks::Often);
  }
}

void try_links(GroupLine& line, std::vector<NewLink>& links, std::chrono::milliseconds longest) {
  if (links.empty()) return;
  const at::Device device = links.front().link->device();
  const at::Tensor numbers = at::arange(kTrialNumbers, at::device(device).dtype(at::kFloat));
  const DeviceMoment computed = computed_so_far(device);
  line.work_until([&] { return computed.has_passed(); }, "for numbers to try NCCL with");
  for (NewLink& made : links) {
    connecting(made.neighbour, [&] {
      if (made.is_receiver()) made.arrived = made.link->receive({kTrialNumbers});
      if (!made.is_receiver()) made.link->send(numbers);
    });
  }
  wait_for_links(line, links, longest);
  for (const NewLink& made : links) {
    if (!made.is_receiver() || at::equal(made.arrived, numbers)) continue;
    throw Error(ErrorKind::NotConnected, "NCCL brought other numbers from " + engine_name(made.neighbour) +
                                             " than those that were sent");
  }
}

}  // namespace

RowLinks connect_row(GroupLine& line, const RowNeighbours& neighbours,
                     const std::shared_ptr<const NcclLibrary>& nccl, at::Device device,
                     const NcclLimits& limits) {
  tell_all(line, nccl != nullptr);
  if (nccl == nullptr || (!neighbours.before && !neighbours.next)) return {};
  const std::set<int> able = hear_all(line);
  std::vector<NewLink> links;
  const auto want = [&](const std::optional<int>& neighbour, LinkEnd end) {
    if (neighbour && able.count(*neighbour) == 1) links.push_back({*neighbour, end, nullptr, {}});
  };
  want(neighbours.next, LinkEnd::Sender);
  want(neighbours.before, LinkEnd::Receiver);
  for (NewLink& made : links) {
    const NcclId id = shared_id(line, *nccl, made);
    made.link =
        connecting(made.neighbour, [&] { return std::make_unique<NcclLink>(nccl, id, made.end, device); });
  }
  wait_for_links(line, links, limits.connecting);
  try_links(line, links, limits.connecting);
  RowLinks row;
  for (NewLink& made : links) (made.is_receiver() ? row.from_before : row.to_next) = std::move(made.link);
  return row;
}

}  // namespace longtake
