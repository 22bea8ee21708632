#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <optional>

namespace longtake {

/// A second queue of work for a GPU, beside the one that this thread's work goes to otherwise: the same queue
/// for all objects of a thread. On a CPU there is none: everything is done at once. Memory that is taken in
/// the queue is used again in it alone, so what was made in it needs no care. Belongs to one thread. What a
/// device says of work that failed comes to whoever waits next, as c10::Error.
class SideStream {
 public:
  explicit SideStream(at::Device device);
  /// Waits: what the queue reads may be gone then.
  ~SideStream();
  SideStream(const SideStream&) = delete;
  SideStream& operator=(const SideStream&) = delete;

  bool is_one() const { return stream_.has_value(); }

  /// What is asked of the queue from now on begins when the device has done all that this thread asked it to
  /// do elsewhere. `read` was made there and will be read here: its memory is not used again before.
  void follow(const at::Tensor& read) const;

  /// What `work` asks of the device goes to the queue, and what it waits for is the queue.
  void run(const std::function<void()>& work) const;

 private:
  std::optional<c10::Stream> stream_;
};

}  // namespace longtake
