#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "jobs/error.h"
#include "rank/launch/start_deadline.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/configs.h"
#include "scheduler/cli/engines.h"
#include "scheduler/cli/inspected_jobs.h"
#include "scheduler/cli/program_beside.h"
#include "scheduler/cli/run_result.h"
#include "scheduler/cli/submit_request.h"
#include "scheduler/preparing_desk.h"
#include "scheduler/programs/on_path.h"
#include "scheduler/slurm/batch_script.h"
#include "scheduler/slurm/sbatch.h"
#include "storage/durable_file.h"

namespace longtake {
namespace fs = std::filesystem;
namespace {

/// Kept in the work directory: a person can read and submit it again.
constexpr const char* kScriptName = "longtake.sbatch";

SubmitSurroundings surroundings(const CliOptions& options) {
  SubmitSurroundings here;
  here.program = program_beside("longtake");
  here.folder = fs::current_path();
  here.work_dir = work_dir_of(options);
  here.has_mpirun = is_on_path("mpirun");
  here.has_srun = is_on_path("srun");
  for (const char* name : {"LONGTAKE_CONFIGS", "LONGTAKE_SLATE_FONT"}) {
    if (const char* path = std::getenv(name)) here.environment[name] = fs::absolute(path).string();
  }
  if (const char* limit = std::getenv(kStartLimitVariable)) {
    here.environment[kStartLimitVariable] = std::to_string(start_limit_s(limit));
  }
  return here;
}

/// Seconds that the longest work takes. Hours in the queue must not end in a plan that nothing fits.
double predict_or_refuse(const BatchJob& job, const Profile& profile, const std::vector<JobInput>& inputs) {
  double longest_s = 0;
  // The works of an array are its jobs, in the same order.
  const std::size_t plans = job.is_array ? inputs.size() : 1;
  for (std::size_t work = 0; work < plans; ++work) {
    const auto own = job.is_array ? std::vector<JobInput>{inputs[work]} : inputs;
    const Plan plan = make_plan(profile, own, inventory_of(job, profile));
    if (!plan.fits()) {
      std::string reasons;
      for (const std::string& reason : plan.reasons) reasons += (reasons.empty() ? "" : "; ") + reason;
      throw Error(ErrorKind::InvalidInput, "on nodes of profile " + profile.name + " " + reasons);
    }
    longest_s = std::max(longest_s, plan.seconds);
  }
  return longest_s;
}

struct Submission {
  BatchJob job;
  std::string script;
  std::vector<std::string> advice;
};

Submission make_submission(const CliOptions& options) {
  const Profile profile = load_profile_of(options, {});
  const std::vector<JobSpec> specs = load_jobs_of(options);
  require_engines(specs);
  require_models(specs);
  Submission submission;
  submission.job = batch_job_of(options, profile, specs, surroundings(options));
  submission.script = batch_script(submission.job);
  std::vector<JobInput> inputs;
  for (const InspectedJob& job : inspect_jobs(specs)) inputs.push_back(input_of(job));
  submission.advice = advice_on(submission.job, profile, predict_or_refuse(submission.job, profile, inputs));
  return submission;
}

void show(const CliOptions& options, const Submission& submission) {
  (options.json ? std::cerr : std::cout) << submission.script << std::flush;
  for (const std::string& line : submission.advice) std::cerr << "longtake: advice: " << line << '\n';
}

nlohmann::json document_of(const Submission& submission) {
  nlohmann::json work_dirs = nlohmann::json::array();
  for (const BatchWork& work : submission.job.works) work_dirs.push_back(work.work_dir.string());
  return {{"job_id", nullptr},      {"script", submission.script}, {"script_file", nullptr}, {"log", nullptr},
          {"work_dirs", work_dirs}, {"advice", submission.advice}, {"slurm", nullptr}};
}

int try_it(const CliOptions& options, const Submission& submission) {
  nlohmann::json document = document_of(submission);
  if (is_on_path("sbatch")) {
    const SlurmOpinion opinion = ask_sbatch(submission.script);
    if (opinion.has_answered) {
      document["slurm"] = opinion.words;
      std::cerr << opinion.words << '\n';
    } else {
      std::cerr << "longtake: sbatch is here, but no Slurm answers it, so nobody judged the job: "
                << opinion.words << '\n';
    }
  } else {
    std::cerr << "longtake: sbatch is not on the PATH here, so Slurm was not asked\n";
  }
  if (options.json) std::cout << json_text_of(document) << '\n';
  return kExitDone;
}

/// The script in the work directory, which is made where it was not there before. Until keep() the script has
/// another name: what Slurm refuses changes nothing and leaves nothing behind.
class ScriptFile {
 public:
  explicit ScriptFile(const Submission& submission)
      : path_(submission.job.log_folder / kScriptName), part_(part_path(path_, std::to_string(::getpid()))) {
    std::error_code error;
    // Slurm makes no folder for the log: a job whose log has none fails without a word.
    folders_.make(path_.parent_path(), error);
    if (error) {
      folders_.remove_empty();
      throw Error(ErrorKind::InvalidInput, "cannot create the work directory " +
                                               path_.parent_path().string() + " (" + error.message() +
                                               "): choose another one with --work-dir");
    }
    write_durably(part_, submission.script);
  }
  ~ScriptFile() {
    std::error_code none;
    fs::remove(part_, none);
    folders_.remove_empty();
  }
  ScriptFile(const ScriptFile&) = delete;
  ScriptFile& operator=(const ScriptFile&) = delete;

  const fs::path& path() const { return path_; }
  void keep() { commit_part(part_, path_); }

 private:
  fs::path path_;
  fs::path part_;
  NewFolders folders_;
};

int submit(const CliOptions& options, const Submission& submission) {
  ScriptFile file(submission);
  const std::string id = submit_to_sbatch(submission.script);
  file.keep();
  const std::string log = log_file(submission.job, id).string();
  std::cerr << "longtake: its log will be " << log << '\n';
  if (options.json) {
    nlohmann::json document = document_of(submission);
    document["job_id"] = id;
    document["script_file"] = file.path().string();
    document["log"] = log;
    std::cout << json_text_of(document) << '\n';
  } else {
    std::cout << "submitted batch job " << id << '\n';
  }
  return kExitDone;
}

}  // namespace

int submit_command(const CliOptions& options, int, char**) {
  const Submission submission = make_submission(options);
  show(options, submission);
  return options.slurm.is_dry_run ? try_it(options, submission) : submit(options, submission);
}

}  // namespace longtake
