#include "scheduler/cli/program.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <optional>

#include "jobs/nearest_word.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/problems.h"
#include "scheduler/cli/simulate_options.h"
#include "scheduler/cli/submit_options.h"

namespace longtake {
namespace {

constexpr const char* kFooter =
    "exit codes: 0 all jobs done; 1 a job failed; 2 you must change something;\n"
    "            75 drained or killed, run the same command again to go on;\n"
    "            93 three starts that made nothing, look before running again\n\n"
    "first steps: longtake check JOB.yaml, longtake plan JOB.yaml, longtake run JOB.yaml";

constexpr const char* kRehearseFooter =
    "It plans the jobs for --profile, then starts one engine after the other, one for each distinct stage of "
    "the\n"
    "plan, on synthetic inputs and with no more memory than the profile's GPU has: one large GPU stands in "
    "for\n"
    "several smaller ones. The weights are the checkpoint's; where the model's folder has only its "
    "config.json,\n"
    "random ones of the same sizes. It writes nothing.\n\n"
    "It shows for each stage the predicted and the measured peak, the time of a denoising step, of decoding "
    "a block\n"
    "of 12 frames and of loading; for each film the speed to expect and when it would be ready.\n\n"
    "exit codes: 0 every stage fits; 1 an engine failed; 2 it does not fit, or you must change something\n\n"
    "example: longtake rehearse evening-news.yaml --profile 4x24gb";

void add_profile(CLI::App& command, CliOptions& options) {
  command.add_option("--profile", options.profile,
                     "hardware: a name from configs/profiles or a file; default: by the GPUs that are there");
}

void add_jobs(CLI::App& command, CliOptions& options) {
  command.add_option("JOB", options.jobs, "job files (YAML), see docs/formats.md")->required();
  command.add_option("--engine", options.engine, "engine for all jobs, instead of what they say")
      ->check(CLI::IsMember({"liveavatar", "slate"}));
  command.add_option("--model", options.model, "checkpoint folder for all jobs");
  add_profile(command, options);
  command
      .add_option("--ranks", options.ranks, "processes, one per GPU or CPU slot; default: all that are there")
      ->check(CLI::Range(1, 4096));
}

void add_work_dir(CLI::App& command, CliOptions& options) {
  command.add_option(
      "--work-dir", options.work_dir,
      "where progress, segments and films live; default: longtake-work/ beside the first job file, "
      "or in this folder");
}

void add_times(CLI::App& run, CliOptions& options) {
  run.add_option(
      "--deadline", options.deadline,
      "when the run has to be over: 2026-11-24T06:00, 06:00, or 7h30m from now; nothing is started "
      "that is not done by then; default: the end of the Slurm job, if there is one");
  run.add_option(
      "--drain-time", options.drain_time,
      "how long a drain (a signal, longtake drain) may take to keep what is being made; default: 20s");
  run.add_option("--end-reserve", options.end_reserve,
                 "how long before the deadline the work ends; default, and at least: 10s");
}

void add_launch(CLI::App& run, CliOptions& options) {
  run.add_option("--launch", options.launch,
                 "what starts the ranks: mpirun, or srun with PMIx in a Slurm job; default: mpirun")
      ->check(CLI::IsMember({"mpirun", "srun"}));
}

void add_json(CLI::App& command, CliOptions& options) {
  command.add_flag("--json", options.json,
                   "one JSON document on standard output, people's text on standard error");
}

class Program {
 public:
  explicit Program(const JobCommands& job_commands) : job_commands_(job_commands) {
    app_.require_subcommand(1);
    app_.footer(kFooter);
    app_.set_version_flag("--version", LONGTAKE_VERSION);
    add_job_commands();
    add_doctor_command();
    add_watch_commands();
    add_simulate_command();
  }

  int run(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const bool as_json = std::find(words.begin(), words.end(), "--json") != words.end();
    if (!words.empty()) {
      if (const auto refusal = refusal_of(words.front())) {
        std::fprintf(stderr, "longtake: %s\n", refusal->c_str());
        return refuse(*refusal, as_json);
      }
    }
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
      if (app_.exit(e) == 0) return kExitDone;
      return refuse(e.what(), as_json);
    }
    try {
      return command_(options_, argc, argv);
    } catch (...) {
      const RunResult failure = failure_of_current_exception();
      if (options_.json) print_result(failure, true);
      return failure.exit_code;
    }
  }

 private:
  static int refuse(const std::string& why, bool as_json) {
    RunResult refusal;
    refusal.exit_code = kExitUser;
    refusal.message = why;
    if (as_json) print_result(refusal, true);
    return kExitUser;
  }

  /// Why `word` is no command; CLI11 would only say that one is missing.
  std::optional<std::string> refusal_of(const std::string& word) const {
    std::vector<std::string> names;
    for (const CLI::App* command : app_.get_subcommands({})) names.push_back(command->get_name());
    const bool is_known = std::find(names.begin(), names.end(), word) != names.end();
    if (is_known || word.empty() || word[0] == '-') return std::nullopt;
    const auto nearest = nearest_word(word, names);
    return "there is no command '" + word + "'; " + (nearest ? "did you mean " + *nearest + "? " : "") +
           "the commands are " + join_words(names, " and ");
  }

  using Command = std::function<int(const CliOptions&, int, char**)>;

  CLI::App* add(const char* name, const char* description, Command command) {
    CLI::App* added = app_.add_subcommand(name, description);
    added->callback([this, command = std::move(command)] { command_ = command; });
    add_json(*added, options_);
    return added;
  }

  CLI::App* add(const char* name, const char* description, int (*command)(const CliOptions&)) {
    return add(name, description,
               [command](const CliOptions& options, int, char**) { return command(options); });
  }

  void add_job_commands() {
    CLI::App* run = add("run", "produce the films of the jobs; run again with the same arguments to resume",
                        job_commands_.run);
    CLI::App* plan =
        add("plan", "what would run where: groups, bytes, ranges, segments, time", job_commands_.plan);
    CLI::App* rehearse = add(
        "rehearse", "try every stage of the plan on one GPU (or CPU slot) of this machine, before the night",
        job_commands_.rehearse);
    rehearse->footer(kRehearseFooter);
    CLI::App* check = add("check", "read and judge the inputs of the jobs; advice on prompt and portrait",
                          job_commands_.check);
    for (CLI::App* command : {run, plan, rehearse, check}) add_jobs(*command, options_);
    CLI::App* submit =
        add("submit", "write a Slurm batch script for the jobs, show it and submit it", job_commands_.submit);
    add_submit_options(*submit, options_);
    for (CLI::App* command : {run, submit}) add_work_dir(*command, options_);
    add_times(*run, options_);
    add_launch(*run, options_);
  }

  void add_doctor_command() {
    CLI::App* doctor = add("doctor", "what of this machine stands in the way of a run, and what to do",
                           job_commands_.doctor);
    add_profile(*doctor, options_);
    add_work_dir(*doctor, options_);
  }

  void add_simulate_command() {
    CLI::App* simulate =
        add("simulate", "a night on a cluster of any size, with faults, in seconds", job_commands_.simulate);
    add_simulate_options(*simulate, options_);
  }

  void add_watch_commands() {
    CLI::App* status =
        add("status", "progress, rate, ETA, groups and last events of a work directory", status_command);
    status->add_flag("--watch", options_.watch,
                     "again every second until the run ends; with --json a document a line");
    CLI::App* explain =
        add("explain", "why a job is not running or not finished, in a sentence", explain_command);
    explain->add_option("JOB", options_.job, "the job's name")->required();
    CLI::App* redo =
        add("redo", "forget clips, and those chained after them, so that the next run makes them again",
            redo_command);
    redo->add_option("JOB", options_.job, "the job's name")->required();
    redo->add_option("--clips", options_.clips, "A:B for clips A to B-1")->required();
    CLI::App* drain = add("drain", "stop a run: start nothing new, keep what is committed", drain_command);
    for (CLI::App* command : {status, explain, redo, drain}) add_work_dir(*command, options_);
  }

  CLI::App app_{
      "Longtake makes long talking-avatar films overnight, on any GPUs, without losing a minute of work.",
      "longtake"};
  CliOptions options_;
  JobCommands job_commands_;
  Command command_;
};

/// As everything else for people: plain lines on standard error, also where mpirun gives us a terminal.
void log_to_standard_error() {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("longtake", std::move(sink));
  logger->set_pattern("longtake: %v");
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace

int run_program(const JobCommands& job_commands, int argc, char** argv) {
  log_to_standard_error();
  return Program(job_commands).run(argc, argv);
}

}  // namespace longtake
