#pragma once

#include <chrono>
#include <thread>

namespace longtake {

/// True as soon as `condition()` is; false when it does not become so within `limit`.
template <class Condition>
bool becomes_true(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(30)) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
  return true;
}

}  // namespace longtake
