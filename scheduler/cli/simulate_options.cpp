#include "scheduler/cli/simulate_options.h"

#include <CLI/CLI.hpp>

#include "scheduler/cli/number_check.h"

namespace longtake {
namespace {

constexpr const char* kFooter =
    "The planner and the scheduler are those of a real run; only the engines are simulated: a segment takes\n"
    "as long as predicted, a few per cent more or less. Nothing is written but the picture.\n\n"
    "What the lines mean: the lower bound is what no schedule can beat, all work spread over all GPUs, or "
    "the\n"
    "longest chain of segments that follow from each other. Lost work is what faults cut short. Ranges are\n"
    "cut as `longtake plan` shows, so another `continuity` in a job file may make a night shorter.\n\n"
    "examples:\n"
    "  longtake simulate                              5,000 hours of film on 10,000 GPUs\n"
    "  longtake simulate --mtbf-gpu-h 500 --svg night.svg\n"
    "  longtake simulate night/*.yaml --profile 8x80gb --nodes 4 --preempt-every-h 3\n"
    "  longtake simulate --hours 40 --jobs 12 --profile 4x24gb --nodes 2 --speed 6";

void add_what_to_make(CLI::App& command, CliOptions& options) {
  constexpr int kMostFilms = 1'000'000;
  constexpr double kMostHours = 100'000;
  SimulateRequest& request = options.simulate;
  CLI::Option* jobs =
      command.add_option("JOB", options.jobs, "job files (YAML); without any, films are made up");
  command.add_option("--jobs", request.films, "so many made-up films; default: one for each hour")
      ->check(CLI::Range(1, kMostFilms))
      ->excludes(jobs);
  command
      .add_option("--hours", request.hours,
                  "hours of made-up film, short and long ones; default: half an hour for each GPU")
      ->check(number_between(0.001, kMostHours))
      ->excludes(jobs);
  command.add_option("--engine", options.engine, "engine for all job files, instead of what they say")
      ->check(CLI::IsMember({"liveavatar", "slate"}));
  command.add_option("--model", options.model, "checkpoint folder for all job files");
}

void add_where_to_make_it(CLI::App& command, CliOptions& options) {
  constexpr int kMostGpus = 100'000;
  SimulateRequest& request = options.simulate;
  command.add_option("--profile", options.profile,
                     "hardware: a name from configs/profiles or a file; default: 8x80gb");
  CLI::Option* gpus = command
                          .add_option("--gpus", request.gpus,
                                      "GPUs (or CPU slots) in all; default: 10000 for made-up films, one "
                                      "node of the profile for job files")
                          ->check(CLI::Range(1, kMostGpus));
  command.add_option("--nodes", request.nodes, "instead: whole nodes of the profile")
      ->check(CLI::Range(1, kMostGpus))
      ->excludes(gpus);
  command
      .add_option("--speed", request.frames_per_second,
                  "frames/s of one group of GPUs; default: what the planner predicts")
      ->check(number_between(0.001, 1e6));
  command
      .add_option("--load-s", request.load_s,
                  "seconds until an engine has loaded its model; default: 60, and 0 for slates")
      ->check(number_between(0, 86'400));
}

void add_what_goes_wrong(CLI::App& command, SimulateRequest& request) {
  constexpr double kMostHours = 1e9;
  const CLI::Validator hours = number_between(0.01, kMostHours);
  command
      .add_option("--mtbf-gpu-h", request.gpu_mtbf_h,
                  "mean hours between two failures of a GPU; default: none")
      ->check(hours);
  command
      .add_option("--mtbf-node-h", request.node_mtbf_h,
                  "mean hours between two failures of a node; default: none")
      ->check(hours);
  command
      .add_option("--preempt-every-h", request.preempted_every_h,
                  "mean hours between two pre-emptions of the whole run, which goes on five minutes later")
      ->check(hours);
  command.add_option("--repair-min", request.repair_min, "minutes until what failed can be used again")
      ->check(number_between(0, 1e6))
      ->capture_default_str();
  command.add_option("--seed", request.seed, "of lengths, times and faults: the same gives the same night")
      ->check(number_not_negative())
      ->capture_default_str();
  command.add_option("--svg", request.svg, "draw the night into this file");
}

}  // namespace

void add_simulate_options(CLI::App& command, CliOptions& options) {
  add_what_to_make(command, options);
  add_where_to_make_it(command, options);
  add_what_goes_wrong(command, options.simulate);
  command.footer(kFooter);
}

}  // namespace longtake
