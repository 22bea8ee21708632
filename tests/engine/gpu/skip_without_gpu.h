#pragma once

#include <gtest/gtest.h>

#include "rank/engine/gpu/device_name.h"

/// First in a test that computes on a GPU. A macro, since GTEST_SKIP() leaves the function it stands in.
#define LONGTAKE_SKIP_WITHOUT_GPU() \
  if (::longtake::cuda_device_count() == 0) GTEST_SKIP() << "no CUDA device here"
