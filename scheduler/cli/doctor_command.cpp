#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "rank/hardware.h"
#include "rank/launch/mpirun_command.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/configs.h"
#include "scheduler/cli/doctor_facts.h"
#include "scheduler/cli/environment.h"
#include "scheduler/cli/roll_call.h"
#include "scheduler/cli/run_result.h"

namespace longtake {
namespace {

DoctorSubject subject_of(const CliOptions& options) {
  DoctorSubject subject;
  subject.here = probe_hardware();
  subject.profile = load_profile_of(options, subject.here.gpus);
  subject.work_dir = work_dir_of(options);
  subject.environment = environment();
  return subject;
}

void print(const DoctorSubject& subject, const std::vector<Finding>& findings, bool as_json) {
  const bool is_terminal = ::isatty(as_json ? STDERR_FILENO : STDOUT_FILENO) == 1;
  (as_json ? std::cerr : std::cout) << "host " << subject.here.host << ", profile " << subject.profile.name
                                    << "\n"
                                    << findings_text(findings, is_terminal);
  if (!as_json) return;
  const nlohmann::json document = {{"host", subject.here.host},
                                   {"profile", subject.profile.name},
                                   {"work_dir", subject.work_dir.string()},
                                   {"exit_code", is_any_bad(findings) ? kExitUser : kExitDone},
                                   {"checks", to_json(findings)}};
  std::cout << json_text_of(document) << '\n';
}

int judge(const CliOptions& options, const LaunchFacts& launch, const DoctorSubject& subject) {
  Facts facts = gather_facts(subject);
  facts.launch = launch;
  const std::vector<Finding> findings = examine(facts, subject.profile);
  print(subject, findings, options.json);
  return is_any_bad(findings) ? kExitUser : kExitDone;
}

/// One of the ranks that doctor itself has started, or that a person has, to see the hosts of an allocation.
int doctor_as_rank(const CliOptions& options) {
  const auto answers = answer_roll_call(kExitFailed);
  if (!answers) return kExitDone;
  if (std::getenv(kRollCallVariable) == nullptr) {
    return judge(options, {static_cast<int>(answers->size()), true, *answers, ""}, subject_of(options));
  }
  std::cout << to_line(*answers);
  return kExitDone;
}

}  // namespace

int doctor_command(const CliOptions& options, int, char**) {
  if (is_under_mpi_launcher(environment())) return doctor_as_rank(options);
  const DoctorSubject subject = subject_of(options);
  return judge(options, launch_roll_call(subject.here, subject.environment), subject);
}

}  // namespace longtake
