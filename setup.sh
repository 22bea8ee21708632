#!/usr/bin/env bash
# Installs what building, testing and running need, on Debian 12. Does nothing when all is there.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'TEXT'
usage: ./setup.sh [--cuda [--libtorch DIR]]

Installs the Debian packages that building, testing and running need; does nothing when all is there.

  --cuda           also LibTorch 2.11 and the parts of CUDA 13 that this machine lacks, into
                   ${XDG_CACHE_HOME:-~/.cache}/longtake/cuda, for cmake --preset cuda. A CUDA 13 in $CUDA_HOME or
                   /usr/local/cuda is used. The driver is yours to install.
  --libtorch DIR   with --cuda: take this LibTorch with CUDA 13 (site-packages/torch of a Python package, or an
                   unpacked archive) instead; the same as LONGTAKE_LIBTORCH=DIR. CMake needs the variable too.
TEXT
}

with_cuda=
needs_cuda=
libtorch=${LONGTAKE_LIBTORCH:-}
while [ $# -gt 0 ]; do
  case $1 in
    --cuda) with_cuda=1 ;;
    --libtorch) libtorch=${2:?"setup.sh: --libtorch needs a folder"}; needs_cuda=$1; shift ;;
    --help | -h) usage; exit 0 ;;
    *) echo "setup.sh: unknown argument $1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
if [ -n "$needs_cuda" ] && [ -z "$with_cuda" ]; then
  echo "setup.sh: $needs_cuda goes with --cuda" >&2
  exit 2
fi

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

install_packages() {
  local missing=() as_root=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "setup.sh: run as root, or install sudo; missing: ${missing[*]}" >&2; exit 2; }
    as_root=(sudo)
  fi
  echo "setup.sh: installing ${missing[*]}" >&2
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

install_packages "${packages[@]}"
if [ -n "$with_cuda" ]; then
  python3 -m pip --version >/dev/null 2>&1 || install_packages python3-pip
  cmake/install-cuda.sh ${libtorch:+"$libtorch"}
fi
