#pragma once

#include <gtest/gtest.h>

#include "jobs/error.h"

namespace longtake {

/// What `action` throws; a failed test, and an Error{Bug} without words, when it throws nothing.
template <typename Action>
Error error_of(const Action& action) {
  try {
    action();
  } catch (const Error& e) {
    return e;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorKind::Bug, "");
}

}  // namespace longtake
