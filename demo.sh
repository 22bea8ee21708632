#!/usr/bin/env bash
# From nothing to a film: installs what is missing, builds, makes the bundled example's film.
set -euo pipefail
cd "$(dirname "$0")"

./setup.sh
cmake --preset release >/dev/null
cmake --build --preset release --target longtake longtake-slate
build/release/bin/longtake run configs/examples/evening-news.yaml --work-dir longtake-work
echo "The film: $PWD/longtake-work/jobs/evening-news/output.mp4"
