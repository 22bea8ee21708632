#pragma once

#include <cstdlib>

namespace longtake {

/// How the NCCL made for tests misbehaves while this lives (fake_nccl.cpp).
struct Misbehaviour {
  explicit Misbehaviour(const char* deed) { ::setenv("LONGTAKE_FAKE_NCCL", deed, 1); }
  ~Misbehaviour() { ::unsetenv("LONGTAKE_FAKE_NCCL"); }
  Misbehaviour(const Misbehaviour&) = delete;
  Misbehaviour& operator=(const Misbehaviour&) = delete;
};

}  // namespace longtake
