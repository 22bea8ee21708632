#!/usr/bin/env bash
# Installs what is missing; builds and runs the unit tests under the sanitizers; builds the engine for CUDA, whose
# tests skip where there is no GPU; then builds and runs every test. Ends with ctest's summary of the release build.
set -euo pipefail
cd "$(dirname "$0")"
# Two for each processor; how many a test takes stands with it, see tests/CMakeLists.txt.
slots=$((2 * $(nproc)))
# GCC spends a tenth of its time looking for memory that it could use again.
export CXXFLAGS="--param=ggc-min-heapsize=1000000 --param=ggc-min-expand=1000 ${CXXFLAGS:-}"

./setup.sh --cuda
cmake --preset asan >/dev/null
cmake --build --preset asan
ctest --preset asan --parallel "$slots"
cmake --preset cuda-check >/dev/null
cmake --build --preset cuda-check
ctest --preset cuda-check
cmake --preset release >/dev/null
cmake --build --preset release
ctest --preset release --parallel "$slots"
