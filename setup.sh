#!/usr/bin/env bash
# Installs what building, testing and running need, on Debian 12. Does nothing when all is there.
set -euo pipefail

packages=(
  # build
  g++ cmake ninja-build pkg-config ccache
  # libraries
  libopenmpi-dev openmpi-bin libzmq3-dev cppzmq-dev libsqlite3-dev libsqlitecpp-dev libyaml-cpp-dev
  nlohmann-json3-dev libcli11-dev libspdlog-dev
  libavformat-dev libavcodec-dev libavutil-dev libswscale-dev libswresample-dev
  libdeflate-dev libfreetype-dev fonts-dejavu-core
  # the model; without the threaded OpenBLAS, LibTorch falls back to a reference BLAS 50 times slower
  libtorch-dev libopenblas0-pthread libsentencepiece-dev
  # tests and examples
  libgtest-dev libgmock-dev libbenchmark-dev ffmpeg sqlite3 espeak-ng procps slurmctld slurmd slurm-client munge
)

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "setup.sh: run as root, or install sudo; missing: ${missing[*]}" >&2; exit 2; }
  as_root=(sudo)
fi
echo "setup.sh: installing ${missing[*]}" >&2
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
