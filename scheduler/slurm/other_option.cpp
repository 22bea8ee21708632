#include "scheduler/slurm/other_option.h"

#include <algorithm>
#include <iterator>

#include "jobs/error.h"

namespace longtake {
namespace {

/// An option that is not to be handed on. sbatch takes the short form, and the long one shortened.
struct Reserved {
  const char* name;
  const char* short_name;  ///< empty: none
  const char* why;
};

constexpr const char* kDrains =
    "the batch script asks for the warning that drains the run: give --warn-before";
constexpr const char* kRequeues = "the batch script queues its job again by itself: leave it out";
constexpr const char* kLogs = "the batch script keeps its log in the work directory: give --work-dir";
constexpr const char* kAppends = "the batch script adds to the log of its earlier starts: leave it out";

constexpr Reserved kOfTheScript[] = {{"signal", "", kDrains},
                                     {"requeue", "", kRequeues},
                                     {"no-requeue", "", kRequeues},
                                     {"output", "o", kLogs},
                                     {"open-mode", "", kAppends}};

constexpr Reserved kOfSubmit[] = {{"array", "a", "give --array"},
                                  {"nodes", "N", "give --nodes"},
                                  {"ntasks", "n", "give --nodes and --ntasks-per-node"},
                                  {"ntasks-per-node", "", "give --ntasks-per-node"},
                                  {"gpus-per-node", "", "give --gpus-per-node"},
                                  {"gres", "", "give --gres"},
                                  {"cpus-per-task", "c", "give --cpus-per-task"},
                                  {"mem", "", "give --mem"},
                                  {"time", "t", "give --time"},
                                  {"partition", "p", "give --partition"},
                                  {"account", "A", "give --account"},
                                  {"job-name", "J", "give --job-name"},
                                  {"dependency", "d", "give --dependency"}};

/// "--qos=night" is qos, "-ofile" is o. Empty: no option.
struct Name {
  std::string text;
  bool is_short = false;
};

Name name_of(const std::string& option) {
  if (option.rfind("--", 0) == 0) return {option.substr(2, option.find_first_of("= \t") - 2), false};
  if (option.size() > 1 && option[0] == '-') return {option.substr(1, 1), true};
  return {};
}

[[noreturn]] void refuse(const std::string& option, const std::string& why) {
  throw Error(ErrorKind::InvalidInput, "--sbatch=" + option + ": " + why);
}

}  // namespace

void require_other_option(const std::string& option) {
  const Name name = name_of(option);
  if (name.text.empty()) {
    refuse(option, "an option of sbatch begins with a dash: give for example --sbatch=--qos=night");
  }
  const auto is_meant = [&](const Reserved& reserved) {
    return name.is_short ? name.text == reserved.short_name : name.text == reserved.name;
  };
  const auto is_meant_or_shortened = [&](const Reserved& reserved) {
    return is_meant(reserved) || (!name.is_short && std::string(reserved.name).rfind(name.text, 0) == 0);
  };
  const auto of_script =
      std::find_if(std::begin(kOfTheScript), std::end(kOfTheScript), is_meant_or_shortened);
  if (of_script != std::end(kOfTheScript)) refuse(option, of_script->why);
  const auto of_submit = std::find_if(std::begin(kOfSubmit), std::end(kOfSubmit), is_meant);
  if (of_submit != std::end(kOfSubmit)) {
    refuse(option, std::string("submit has this option itself: ") + of_submit->why + " without --sbatch=");
  }
}

}  // namespace longtake
