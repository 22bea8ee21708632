#include "rank/engine/transport/group_transport.h"

#include "jobs/error.h"
#include "rank/engine/shape_text.h"

namespace longtake {
namespace {

constexpr const char* kPaced = "paced";
constexpr const char* kFree = "free";

bool fits(at::IntArrayRef shape, at::IntArrayRef wanted) {
  if (shape.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (wanted[i] != -1 && wanted[i] != shape[i]) return false;
  }
  return true;
}

}  // namespace

GroupTransport::GroupTransport(const GroupMember& member, std::function<bool()> goes_on, WorkTimes& times,
                               const RowPlace& place)
    : line_(member, std::move(goes_on), times), pace_(line_), place_(place) {
  RowLinks links = connect_row(line_, place_.neighbours, place_.nccl, place_.device, place_.limits);
  if (links.to_next)
    outlet_.emplace(line_, *place_.neighbours.next, std::move(links.to_next), place_.limits.transfer);
  if (links.from_before)
    inlet_.emplace(line_, *place_.neighbours.before, std::move(links.from_before), place_.limits.transfer);
  line_.meanwhile([this] { return move_on(); });
}

bool GroupTransport::move_on() {
  const bool sends = outlet_ && outlet_->move_on();
  const bool receives = inlet_ && inlet_->move_on();
  return sends || receives;
}

/// A device copies while transfers go on. LibTorch's own copy would keep this thread from them.
at::Tensor GroupTransport::on_host(const at::Tensor& tensor, const std::string& tag) {
  if (tensor.is_cpu()) return tensor;
  const at::Tensor copy = at::empty(tensor.sizes(), at::dtype(at::kFloat).pinned_memory(true));
  copy.copy_(tensor.to(at::kFloat), /*non_blocking=*/true);
  const DeviceMoment copied = computed_so_far(tensor.device());
  line_.work_until([&] { return copied.has_passed(); }, "for the device to compute '" + tag + "'");
  return copy;
}

void GroupTransport::send(int to, Lane lane, const std::string& tag, const at::Tensor& tensor) {
  if (lane == Lane::Free) return line_.post(to, kFree, tag, on_host(tensor, tag));
  pace_.wait_for_room(to, tag);
  if (!outlet_ || to != place_.neighbours.next) return line_.post(to, kPaced, tag, on_host(tensor, tag));
  outlet_->put(tag, tensor);
  move_on();
}

GroupLine::Message GroupTransport::next_paced(int from, const std::string& tag) {
  if (!inlet_ || from != place_.neighbours.before) return line_.wait_for(from, kPaced, "'" + tag + "'");
  line_.wait_until([&] { return inlet_->has_next(); }, from, "for '" + tag + "'");
  return inlet_->take_next();
}

at::Tensor GroupTransport::receive(int from, Lane lane, const std::string& tag, at::IntArrayRef shape) {
  const bool is_paced = lane == Lane::Paced;
  const GroupLine::Message next =
      is_paced ? next_paced(from, tag) : line_.wait_for(from, kFree, "'" + tag + "'");
  if (next.tag != tag || !fits(next.shape, shape)) {
    throw Error(ErrorKind::Bug, "waited for '" + tag + "' " + shape_text(shape) + " from " +
                                    engine_name(from) + ", got '" + next.tag + "' " + shape_text(next.shape));
  }
  if (is_paced) pace_.tell_taken(from, tag);
  return next.tensor;
}

void GroupTransport::leave() {
  const auto is_sent = [&] { return !outlet_ || outlet_->is_empty(); };
  if (place_.neighbours.next)
    line_.wait_until(is_sent, *place_.neighbours.next, "to take what was sent last");
  line_.leave();
}

}  // namespace longtake
