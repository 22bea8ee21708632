# What LONGTAKE_CUDA asks for: the CUDA language, and a LibTorch 2.x with CUDA as the target `torch`.
#
#   LONGTAKE_LIBTORCH   folder with LibTorch's include/ and lib/, e.g. site-packages/torch of a Python package;
#                       by default $LONGTAKE_LIBTORCH, else where ./setup.sh --cuda puts it
#
# LibTorch's own package file is not asked: it looks for a whole CUDA toolkit in ways of its own and picks
# architectures for us. All that we need is its headers, five libraries and CUDA's runtime.

if(DEFINED ENV{XDG_CACHE_HOME})
  set(installed $ENV{XDG_CACHE_HOME}/longtake/cuda)  # by ./setup.sh --cuda
else()
  set(installed $ENV{HOME}/.cache/longtake/cuda)
endif()
if(DEFINED ENV{LONGTAKE_LIBTORCH})
  set(default_libtorch $ENV{LONGTAKE_LIBTORCH})
else()
  set(default_libtorch ${installed}/torch)
endif()
set(LONGTAKE_LIBTORCH ${default_libtorch} CACHE PATH "LibTorch 2.x with CUDA: the folder with its include/ and lib/")
if(NOT EXISTS ${LONGTAKE_LIBTORCH}/lib/libtorch_cuda.so)
  message(FATAL_ERROR "There is no lib/libtorch_cuda.so in LONGTAKE_LIBTORCH=${LONGTAKE_LIBTORCH}. "
                      "Run ./setup.sh --cuda, or name the folder of a LibTorch with CUDA.")
endif()

# The Python packages of CUDA that belong to this LibTorch lie beside it: they come first.
get_filename_component(beside_libtorch ${LONGTAKE_LIBTORCH}/.. REALPATH)
set(package_folders ${beside_libtorch}/nvidia ${installed}/nvidia)
file(STRINGS ${LONGTAKE_LIBTORCH}/lib/libc10_cuda.so cudart REGEX "^libcudart\\.so\\.[0-9]+$" LIMIT_COUNT 1)
string(REGEX MATCH "[0-9]+$" cuda_major "${cudart}")
set(cuda_folders ${package_folders} $ENV{CUDA_HOME} $ENV{CUDA_PATH})
list(TRANSFORM cuda_folders APPEND /cu${cuda_major} AT 0 1)

if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
  find_program(LONGTAKE_NVCC nvcc HINTS ${installed}/nvidia/cu${cuda_major} $ENV{CUDA_HOME} $ENV{CUDA_PATH} PATHS /usr/local/cuda PATH_SUFFIXES bin REQUIRED)
  set(CMAKE_CUDA_COMPILER ${LONGTAKE_NVCC})
endif()
set(CMAKE_CUDA_STANDARD 17)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_RUNTIME_LIBRARY None)  # the one that LibTorch uses, below: two in one process do not share devices
enable_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER_VERSION MATCHES "^${cuda_major}\\.")
  message(FATAL_ERROR "LibTorch in ${LONGTAKE_LIBTORCH} is built for CUDA ${cuda_major}, but "
                      "${CMAKE_CUDA_COMPILER} is ${CMAKE_CUDA_COMPILER_VERSION}")
endif()

set(cuda_places HINTS ${cuda_folders} ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES}/.. PATHS /usr/local/cuda)
find_path(LONGTAKE_CUDA_INCLUDE cuda_runtime_api.h ${cuda_places} PATH_SUFFIXES include REQUIRED)
find_library(LONGTAKE_CUDART ${cudart} ${cuda_places} PATH_SUFFIXES lib lib64 REQUIRED)
list(TRANSFORM package_folders APPEND /nccl)
set(nccl_places HINTS ${package_folders} ${cuda_folders} PATHS /usr/local/cuda)
find_library(LONGTAKE_NCCL libnccl.so.2 ${nccl_places} PATH_SUFFIXES lib lib64 REQUIRED)

add_library(torch INTERFACE IMPORTED)
target_include_directories(torch INTERFACE
  ${LONGTAKE_LIBTORCH}/include ${LONGTAKE_LIBTORCH}/include/torch/csrc/api/include ${LONGTAKE_CUDA_INCLUDE})
# Here, not per target: all that include LibTorch share its precompiled header, and so their definitions.
target_compile_definitions(torch INTERFACE LONGTAKE_CUDA)
target_compile_options(torch INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr>)
get_filename_component(cuda_libraries ${LONGTAKE_CUDART} DIRECTORY)
get_filename_component(nccl_libraries ${LONGTAKE_NCCL} DIRECTORY)
target_link_libraries(torch INTERFACE
  # Its CUDA half registers itself when it is loaded; nothing of ours names a symbol of it.
  -Wl,--push-state,--no-as-needed
  # First, so that the loader asks it first: that LibTorch shows parts of the C++ library of its own compiler
  # to all, and its std::filesystem::remove_all() of a folder with folders in it calls address 0.
  -lstdc++
  ${LONGTAKE_LIBTORCH}/lib/libtorch.so
  ${LONGTAKE_LIBTORCH}/lib/libtorch_cuda.so
  ${LONGTAKE_LIBTORCH}/lib/libtorch_cpu.so
  ${LONGTAKE_LIBTORCH}/lib/libc10_cuda.so
  ${LONGTAKE_LIBTORCH}/lib/libc10.so
  -Wl,--pop-state
  ${LONGTAKE_CUDART})
target_link_options(torch INTERFACE
  # What LibTorch itself needs (cuDNN, cuBLAS, NCCL, ...) the loader finds; the linker need not.
  -Wl,--allow-shlib-undefined,--unresolved-symbols=ignore-in-shared-libs
  # DT_RPATH also leads LibTorch to libraries of a CUDA folder that ldconfig does not know.
  -Wl,--disable-new-dtags,-rpath,${LONGTAKE_LIBTORCH}/lib,-rpath,${cuda_libraries},-rpath,${nccl_libraries})
