#include "rank/engine/pipeline/group_seat.h"

namespace longtake {

at::Tensor share(const GroupSeat& seat, const SharedTensor& what, const at::Tensor& made) {
  if (seat.stage == what.maker) {
    for (const int user : what.users) {
      if (user != what.maker) seat.transport->send(user, Lane::Free, what.tag, made);
    }
    return made;
  }
  if (what.users.count(seat.stage) == 0) return {};
  return seat.transport->receive(what.maker, Lane::Free, what.tag, what.shape);
}

}  // namespace longtake
