#!/usr/bin/env bash
# From nothing to a film that talks: installs what is missing, builds the programs (not the tests), and makes the
# bundled example's film with the bundled model.
set -euo pipefail
cd "$(dirname "$0")"

./setup.sh
cmake --preset release >/dev/null
cmake --build --preset release --target longtake longtake-engine longtake-tokenizer
build/release/bin/longtake run configs/examples/welcome.yaml --work-dir longtake-work
echo "The film: $PWD/longtake-work/jobs/welcome/output.mp4"
