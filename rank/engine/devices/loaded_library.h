#pragma once

#include <dlfcn.h>

#include <memory>
#include <string>

#include "jobs/error.h"

namespace longtake {

/// A shared library that is loaded if it is there. Functions found in it live as long as it does.
class LoadedLibrary {
 public:
  /// `name` as for dlopen(3): a name that the loader looks up, or a path. Throws Error{DeviceLost} with the
  /// loader's words.
  explicit LoadedLibrary(const std::string& name)
      : name_(name), handle_(::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (!handle_) throw Error(ErrorKind::DeviceLost, ::dlerror());
  }

  /// Throws Error{DeviceLost} when there is no such function: the library is older than we can use.
  template <class Function>
  void find(const char* symbol, Function*& function) const {
    function = reinterpret_cast<Function*>(::dlsym(handle_.get(), symbol));
    if (function == nullptr)
      throw Error(ErrorKind::DeviceLost, name_ + " has no " + symbol + ": it is too old");
  }

 private:
  struct Close {
    void operator()(void* handle) const { ::dlclose(handle); }
  };
  std::string name_;
  std::unique_ptr<void, Close> handle_;
};

}  // namespace longtake
