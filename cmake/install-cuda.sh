#!/usr/bin/env bash
# install-cuda.sh [LIBTORCH]: what cmake --preset cuda needs and this machine lacks: LibTorch 2.11, and the parts
# of CUDA 13 that it asks for. They are Python packages, unpacked into one folder where cmake/cuda.cmake looks;
# no Python environment is touched. Does nothing when all is there.
# LIBTORCH: the folder of a LibTorch to take as it is; its CUDA must be 13.
set -euo pipefail

folder=${XDG_CACHE_HOME:-$HOME/.cache}/longtake/cuda
libtorch=${1:-$folder/torch}
cuda=${CUDA_HOME:-/usr/local/cuda}

# What LibTorch 2.11 was tested with, by the library that the loader looks for.
declare -A package_of=(
  [libcublas.so.13]=nvidia-cublas==13.1.0.3
  [libcublasLt.so.13]=nvidia-cublas==13.1.0.3
  [libcudart.so.13]=nvidia-cuda-runtime==13.0.96
  [libcudnn.so.9]=nvidia-cudnn-cu13==9.19.0.56
  [libcufft.so.12]=nvidia-cufft==12.0.0.61
  [libcufile.so.0]=nvidia-cufile==1.15.1.6
  [libcupti.so.13]=nvidia-cuda-cupti==13.0.85
  [libcurand.so.10]=nvidia-curand==10.4.0.35
  [libcusolver.so.12]=nvidia-cusolver==12.0.4.66
  [libcusparse.so.12]=nvidia-cusparse==12.6.3.3
  [libcusparseLt.so.0]=nvidia-cusparselt-cu13==0.8.0
  [libnccl.so.2]=nvidia-nccl-cu13==2.28.9
  [libnvJitLink.so.13]=nvidia-nvjitlink==13.0.88
  [libnvrtc.so.13]=nvidia-cuda-nvrtc==13.0.88
  [libnvshmem_host.so.3]=nvidia-nvshmem-cu13==3.4.5
)
# The compiler with all headers that ours include.
compiler=(
  nvidia-cuda-nvcc==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-crt==13.0.88 nvidia-cuda-cccl==13.0.85
  nvidia-cuda-runtime==13.0.96 nvidia-cublas==13.1.0.3 nvidia-cusparse==12.6.3.3 nvidia-cusolver==12.0.4.66
  nvidia-nvjitlink==13.0.88
)

# Downloads to a folder aside and shows it only when it is whole: an interrupted run leaves no half LibTorch.
unpack() {
  mkdir -p "$folder"
  aside=$(mktemp -d "$folder/.incoming-XXXXXX")
  trap 'rm -rf "$aside"' EXIT
  echo "setup.sh: fetching $* into $folder" >&2
  python3 -m pip download --quiet --no-deps --only-binary=:all: --dest "$aside/wheels" "$@" >&2
  python3 - "$aside" <<'PYTHON'
import pathlib, sys, zipfile

WANTED = ("torch/include/", "torch/lib/", "nvidia/")
aside = pathlib.Path(sys.argv[1])
for wheel in (aside / "wheels").iterdir():
    with zipfile.ZipFile(wheel) as package:
        for entry in package.infolist():
            if entry.filename.startswith(WANTED):
                path = pathlib.Path(package.extract(entry, aside / "tree"))
                path.chmod(entry.external_attr >> 16 & 0o777 or 0o644)
    wheel.unlink()
PYTHON
  cp -al "$aside/tree/." "$folder/"
  [ ! -d "$folder/nvidia/cu13" ] || ln -sfn lib "$folder/nvidia/cu13/lib64"  # where nvcc tells the linker to look
  rm -rf "$aside"
}

# Has nvcc of CUDA 13 in its bin/.
is_toolkit() { "$1/bin/nvcc" --version 2>/dev/null | grep -q 'release 13\.'; }

# Libraries that LibTorch would not find. The driver's own come with the driver.
missing_libraries() {
  LD_LIBRARY_PATH="$cuda/lib64:$cuda/lib:${LD_LIBRARY_PATH:-}" \
    ldd "$libtorch"/lib/lib{torch_cuda,torch_cuda_linalg,caffe2_nvrtc}.so 2>/dev/null |
    awk '/=> not found/ && $1 != "libcuda.so.1" {print $1}' | sort -u
}

[ -e "$libtorch/lib/libtorch_cuda.so" ] || {
  [ "$libtorch" = "$folder/torch" ] || { echo "setup.sh: $libtorch has no lib/libtorch_cuda.so" >&2; exit 2; }
  unpack torch==2.11.0
}

is_toolkit "$cuda" || is_toolkit "$folder/nvidia/cu13" || unpack "${compiler[@]}"

# What a library needs in turn shows only once it is there.
for _ in 1 2 3; do
  missing=$(missing_libraries)
  [ -n "$missing" ] || exit 0
  [ "$libtorch" = "$folder/torch" ] || break
  packages=()
  for library in $missing; do
    packages+=("${package_of[$library]:?"setup.sh: LibTorch needs $library, which no known package has"}")
  done
  unpack $(printf '%s\n' "${packages[@]}" | sort -u)
done
echo "setup.sh: $libtorch does not run before the loader finds" $missing >&2
exit 2
