#!/usr/bin/env bash
# Installs what is missing, builds and runs every test; then the unit tests again under the sanitizers.
# Ends with ctest's summary of the release build.
set -euo pipefail
cd "$(dirname "$0")"

./setup.sh
cmake --preset asan >/dev/null
cmake --build --preset asan
ctest --preset asan --parallel 2
cmake --preset release >/dev/null
cmake --build --preset release
ctest --preset release --parallel 2
