#include "scheduler/cli/submit_options.h"

#include <CLI/CLI.hpp>

namespace longtake {
namespace {

constexpr const char* kFooter =
    "The job drains before its time is up, queues itself again, and goes on from what is committed, until "
    "the\n"
    "films are done. What it says is in slurm-JOBID.log of the work directory.\n\n"
    "examples:\n"
    "  longtake submit night.yaml --profile 4x24gb --time 08:00:00 --dry-run\n"
    "  longtake submit night/*.yaml --profile 8x80gb --nodes 2 --time 08:00:00 --partition gpu\n"
    "  longtake submit night/*.yaml --profile 1x24gb --time 02:00:00 --array --array-limit 10\n\n"
    "from the first login to the film: slurm/README.md";

void add_what_to_make(CLI::App& command, CliOptions& options) {
  command.add_option("JOB", options.jobs, "job files (YAML), see docs/formats.md")->required();
  command
      .add_option("--profile", options.profile,
                  "hardware of the nodes: a name from configs/profiles or a file; gives GPUs and ranks of a "
                  "node, and what its slurm: says")
      ->required();
  command.add_option("--engine", options.engine, "engine for all jobs, instead of what they say")
      ->check(CLI::IsMember({"liveavatar", "slate"}));
  command.add_option("--model", options.model, "checkpoint folder for all jobs");
  command.add_flag("--dry-run", options.slurm.is_dry_run,
                   "only show the script, and what Slurm would say to it; write and submit nothing");
}

void add_what_to_ask_for(CLI::App& command, SlurmOptions& slurm) {
  constexpr int kMostNodes = 4096;
  constexpr int kMostOfANode = 1024;
  command.add_option("--nodes", slurm.nodes, "nodes; default: 1")->check(CLI::Range(1, kMostNodes));
  command
      .add_option("--gpus-per-node", slurm.gpus_per_node, "default: the profile's, where a job needs GPUs")
      ->check(CLI::Range(1, kMostOfANode));
  command.add_option("--gres", slurm.gres, "instead, where GPUs have types: gpu:a100:4");
  command
      .add_option("--ntasks-per-node", slurm.tasks_per_node,
                  "ranks of a node; default: one per GPU, or the profile's CPU slots")
      ->check(CLI::Range(1, kMostOfANode));
  command.add_option("--cpus-per-task", slurm.cpus_per_task, "processors of a rank")
      ->check(CLI::Range(1, kMostOfANode));
  command.add_option("--mem", slurm.memory, "host memory of a node: 64G; 0 for all of it");
  command.add_option("--time", slurm.time_limit, "time limit: 08:00:00, 2-12 (days-hours), 90 (minutes)");
  command.add_option("--partition", slurm.partition, "partition");
  command.add_option("--account", slurm.account, "account");
  command.add_option("--job-name", slurm.job_name, "default: the film's name, or longtake for several");
  command.add_option("--dependency", slurm.dependency, "start after other jobs: afterok:4711");
  command
      .add_option("--sbatch", slurm.more,
                  "another option of sbatch, as it is: --sbatch=--qos=night; may be repeated")
      ->allow_extra_args(false);
}

void add_how_to_run(CLI::App& command, SlurmOptions& slurm) {
  constexpr int kOneDay_s = 86400;
  command
      .add_option("--warn-before", slurm.warn_before_s,
                  "seconds before the time limit at which Slurm warns and the run drains")
      ->check(CLI::Range(10, kOneDay_s))
      ->capture_default_str();
  command
      .add_option("--launch", slurm.launch,
                  "what starts the ranks: mpirun, or srun with PMIx; default: mpirun where it is on the PATH")
      ->check(CLI::IsMember({"mpirun", "srun"}));
  CLI::Option* array = command.add_flag(
      "--array", slurm.is_array,
      "a job array: a task for each job file, in a work directory of its own below --work-dir");
  command.add_option("--array-limit", slurm.array_at_once, "so many tasks of the array at a time")
      ->check(CLI::PositiveNumber)
      ->needs(array);
}

}  // namespace

void add_submit_options(CLI::App& command, CliOptions& options) {
  add_what_to_make(command, options);
  add_what_to_ask_for(command, options.slurm);
  add_how_to_run(command, options.slurm);
  command.footer(kFooter);
}

}  // namespace longtake
