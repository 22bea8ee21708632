#include "rank/engine/bench/bench_command.h"

#include <c10/util/Exception.h>

#include <iostream>
#include <new>

#include "jobs/error.h"
#include "rank/engine/bench/bench_run.h"
#include "rank/engine/compute_threads.h"
#include "rank/engine/gpu/device_failure.h"

namespace longtake {
namespace {

constexpr int kExitDone = 0, kExitFailed = 1, kExitUser = 2, kExitOutOfMemory = 3;

int fail(const std::string& message, int exit_code) {
  std::cerr << "longtake-engine bench: " << message << "\n";
  return exit_code;
}

}  // namespace

int bench_command(int argument_count, const char* const* arguments) {
  try {
    std::string help;
    const auto options = parse_bench_options(argument_count, arguments, help);
    if (!options) {
      std::cout << help;
      return kExitDone;
    }
    use_compute_threads(options->threads);
    const BenchResult result = run_bench(*options);
    std::cerr << text_of(result);
    // The path of the model may be in any encoding.
    std::cout << json_of(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
    return kExitDone;
  } catch (const Error& e) {
    return fail(e.what(), e.kind() == ErrorKind::InvalidInput ? kExitUser : kExitFailed);
  } catch (const c10::Error& e) {
    const bool is_memory = kind_of(e) == ErrorKind::OutOfMemory;
    return fail(e.what_without_backtrace(), is_memory ? kExitOutOfMemory : kExitFailed);
  } catch (const std::bad_alloc&) {
    return fail("out of memory of this machine", kExitOutOfMemory);
  } catch (const std::exception& e) {
    return fail(e.what(), kExitFailed);
  }
}

}  // namespace longtake
