#pragma once

#include <ATen/ATen.h>

#include <string>

namespace longtake {

/// Two streams between each pair of engines; each keeps its order.
enum class Lane {
  /// Large, and made as fast as they are taken: at most kMostPaced are under way, the sender waits. Only
  /// from a stage to the next one of its row, so that no two wait for each other.
  Paced,
  /// Small, or as many as there are anyway: sending never waits.
  Free,
};

inline constexpr int kMostPaced = 2;

/// Tensors between the engines of a group, which go by their places in the layout. Every message has a tag
/// that says what it is; the receiver says what must come next. Belongs to one thread. Every wait throws
/// Error{DeviceLost} when it is given up from outside or lasts longer than anything should; the message
/// names the engine and the tag.
class Transport {
 public:
  virtual ~Transport() = default;

  /// The tensor may be changed when this returns. It travels as float32.
  virtual void send(int to, Lane lane, const std::string& tag, const at::Tensor& tensor) = 0;

  /// float32, on any device. A length of -1 in `shape` stands for any. Throws Error{Bug} when the next
  /// message of the lane has another tag or shape.
  virtual at::Tensor receive(int from, Lane lane, const std::string& tag, at::IntArrayRef shape) = 0;

  /// Returns when all engines of the group have called it: nothing is under way any more.
  virtual void leave() = 0;
};

}  // namespace longtake
