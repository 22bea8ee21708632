#include "scheduler/slurm/sbatch.h"

#include <regex>

#include "jobs/error.h"
#include "scheduler/programs/ask_program.h"

namespace longtake {
namespace {

/// sbatch itself gives a controller up that cannot be reached after 18 s (Slurm 22.05).
constexpr std::chrono::seconds kOpinionPatience{30};
/// While Slurm's queue is full, sbatch tries again for two minutes.
constexpr std::chrono::minutes kSubmitPatience{10};

std::string without_line_end(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

/// Everything that sbatch said, whatever it calls an error.
std::string words_of(const Answer& answer) {
  const std::string out = without_line_end(answer.out);
  const std::string err = without_line_end(answer.err);
  return out.empty() || err.empty() ? out + err : out + "\n" + err;
}

Answer ask(const char* option, const std::string& script, std::chrono::milliseconds limit) {
  Answer answer = ask_program({{"sbatch", option}, limit, {}, script});
  if (answer.was_started) return answer;
  throw Error(ErrorKind::InvalidInput,
              "there is no sbatch on the PATH: log in to a machine of the cluster, where Slurm is installed");
}

/// As slurm_errno.c and sbatch's search for a configuration put it.
bool has_found_no_controller(const std::string& words) {
  static const std::regex silence(
      "Unable to contact slurm controller|Could not establish a configuration source|Socket timed out|"
      "Zero Bytes were transmitted|backup controller in standby mode|Connection refused",
      std::regex::icase);
  return std::regex_search(words, silence);
}

[[noreturn]] void refuse(const std::string& words) {
  throw Error(ErrorKind::InvalidInput, "Slurm does not take the job: " + words);
}

}  // namespace

SlurmOpinion ask_sbatch(const std::string& script) {
  const Answer answer = ask("--test-only", script, kOpinionPatience);
  const std::string words = words_of(answer);
  if (answer.is_good()) return {true, words};
  if (answer.was_late) return {false, "no answer within " + std::to_string(kOpinionPatience.count()) + " s"};
  if (has_found_no_controller(words)) return {false, words};
  refuse(words);
}

std::string submit_to_sbatch(const std::string& script) {
  const Answer answer = ask("--parsable", script, kSubmitPatience);
  const std::string words = words_of(answer);
  if (answer.was_late) {
    throw Error(
        ErrorKind::InvalidInput,
        "Slurm has not answered for " + std::to_string(kSubmitPatience.count()) +
            " minutes: look with squeue whether it has taken the job, then submit it again: " + words);
  }
  if (answer.exit_code != 0 && has_found_no_controller(words)) {
    throw Error(ErrorKind::InvalidInput,
                "Slurm does not answer, so nothing was submitted: " + words +
                    ": submit again when sinfo lists the nodes, or ask those who run the cluster");
  }
  if (answer.exit_code != 0) refuse(words);
  // NUMBER, or NUMBER;CLUSTER; a site's submission filter may have put lines before it.
  static const std::regex number(R"((?:^|\n)(\d+)(?:;\S*)?(?:\n|$))");
  std::smatch match;
  if (std::regex_search(answer.out, match, number)) return match[1];
  throw Error(ErrorKind::InvalidInput, "sbatch gave no job number, it said: " + words);
}

}  // namespace longtake
