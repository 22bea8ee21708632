#include "scheduler/rehearsal/trial_result.h"

#include <algorithm>
#include <csignal>

#include "jobs/clip_math.h"
#include "jobs/job_settings.h"

namespace longtake {
namespace {

using nlohmann::json;

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return "";
  const std::size_t begin = text.rfind('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1,
                     end - (begin == std::string::npos ? 0 : begin + 1) + 1);
}

double median_of(const json& times) { return times.is_null() ? 0.0 : times.at("median").get<double>(); }

std::int64_t bytes_of(const json& number) { return number.is_null() ? 0 : number.get<std::int64_t>(); }

/// What the process has on its device beside tensors.
std::int64_t beside_tensors(const json& memory) {
  if (!memory.at("beside_tensors_bytes").is_null()) return bytes_of(memory.at("beside_tensors_bytes"));
  return bytes_of(memory.at("peak_process_bytes")) - bytes_of(memory.at("peak_tensor_bytes"));
}

/// Encoders come first and are gone when the transformer is there: the larger of both moments counts.
void add_encoders(const json& document, TrialResult& result) {
  const json& encoders = document.at("encoders");
  if (encoders.is_null()) return;
  for (const char* name : {"text", "speech"}) {
    const json& encoder = encoders.at(name);
    if (encoder.is_null()) continue;
    const std::int64_t peak =
        bytes_of(encoder.at("peak_tensor_bytes")) + beside_tensors(document.at("memory"));
    result.peak_bytes = std::max(result.peak_bytes, peak);
    result.encode_s +=
        encoder.at("load_seconds").get<double>() + encoder.at("encode_ms").get<double>() / 1000;
  }
}

TrialResult measured(const StageTrial& trial, const json& document) {
  TrialResult result;
  result.end = TrialEnd::Measured;
  result.device = document.at("device_name").get<std::string>();
  result.has_random_weights = document.at("weights") == "random";
  result.peak_bytes = bytes_of(document.at("memory").at("peak_process_bytes"));
  result.step_ms = median_of(document.at("step_ms"));
  result.steps = document.at("step_ms").is_null() ? 0
                                                  : document.at("stage_steps").at(1).get<std::int64_t>() -
                                                        document.at("stage_steps").at(0).get<std::int64_t>();
  result.decode_ms = median_of(document.at("vae_block_ms"));
  result.load_s = document.at("load_seconds").get<double>();
  add_encoders(document, result);
  result.peak_bytes += trial.transport_bytes;
  return result;
}

TrialEnd end_of(int exit_code) {
  if (exit_code == kTrialOutOfMemory) return TrialEnd::OutOfMemory;
  return exit_code == kTrialRefused ? TrialEnd::Refused : TrialEnd::Failed;
}

/// What the engine said last, which is why it ended; not so when a signal ended it.
std::string message_of(int exit_code, const std::string& err) {
  constexpr int kFirstSignal = 128;  // see Answer
  if (exit_code > kFirstSignal) {
    const int signal = exit_code - kFirstSignal;
    return "the engine was killed by signal " + std::to_string(signal) +
           (signal == SIGKILL ? ", perhaps for want of this machine's memory" : "");
  }
  const std::string words = last_line(err);
  return words.empty() ? "the engine ended with exit code " + std::to_string(exit_code) : words;
}

}  // namespace

std::string_view name_of(TrialEnd end) {
  switch (end) {
    case TrialEnd::Measured:
      return "measured";
    case TrialEnd::OutOfMemory:
      return "out of memory";
    case TrialEnd::Refused:
      return "refused";
    case TrialEnd::Failed:
      return "failed";
  }
  return "";
}

TrialResult trial_result(const StageTrial& trial, int exit_code, const std::string& out,
                         const std::string& err) {
  TrialResult result;
  result.end = end_of(exit_code);
  result.message = message_of(exit_code, err);
  if (exit_code != 0) return result;
  try {
    return measured(trial, json::parse(out));
  } catch (const json::exception& e) {
    result.message = std::string("the engine's report cannot be read: ") + e.what();
    return result;
  }
}

std::vector<ExpectedFilm> expected_films(const Plan& plan, const Rehearsal& rehearsal,
                                         const std::vector<TrialResult>& results) {
  constexpr double kMsPerSecond = 1000;
  std::vector<ExpectedFilm> films;
  for (const JobTrials& trials : rehearsal.jobs) {
    const JobPlan& job = plan.jobs.at(trials.job);
    ExpectedFilm film{job.name, job.frames_per_second, 0, 0};
    double slowest_ms = 0;
    bool is_complete = true;
    for (const std::size_t stage : trials.stages) {
      slowest_ms = std::max(slowest_ms, results.at(stage).block_ms());
      is_complete = is_complete && results.at(stage).end == TrialEnd::Measured;
    }
    if (is_complete && slowest_ms > 0) {
      film.frames_per_second = kFramesPerBlock * kMsPerSecond / slowest_ms;
      film.seconds = job.seconds * job.frames_per_second / film.frames_per_second;
    }
    films.push_back(film);
  }
  return films;
}

bool is_good(const Rehearsal& rehearsal, const std::vector<TrialResult>& results) {
  return shortcomings(rehearsal, results).empty();
}

}  // namespace longtake
