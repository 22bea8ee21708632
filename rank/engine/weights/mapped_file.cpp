#include "rank/engine/weights/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "jobs/error.h"
#include "storage/file_descriptor.h"

namespace longtake {

MappedFile::MappedFile(const std::filesystem::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) throw_errno("cannot open " + path.string());
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_errno("cannot read " + path.string());
  size_bytes_ = status.st_size;
  if (size_bytes_ == 0) return;  // nothing to map, and mmap refuses it
  void* mapped = ::mmap(nullptr, static_cast<std::size_t>(size_bytes_), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_NORESERVE, file.get(), 0);
  if (mapped == MAP_FAILED) throw_errno("cannot map " + path.string());
  data_ = static_cast<char*>(mapped);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, static_cast<std::size_t>(size_bytes_));
}

}  // namespace longtake
