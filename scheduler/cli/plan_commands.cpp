// plan and check: they read the inputs and judge them, and write nothing.
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "jobs/prompt_advice.h"
#include "rank/hardware.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/configs.h"
#include "scheduler/cli/console.h"
#include "scheduler/cli/inspected_jobs.h"
#include "scheduler/cli/planned_jobs.h"
#include "scheduler/cli/run_result.h"
#include "scheduler/planner/plan.h"
#include "scheduler/prepare.h"

namespace longtake {
namespace {

/// The variance of the Laplacian of a sharp photograph is in the hundreds, of a retouched one in the tens.
constexpr double kFewDetails = 25;
constexpr double kDark = 40;
constexpr double kBright = 215;

std::vector<std::string> image_advice(const InspectedJob& job) {
  std::vector<std::string> advice;
  const ImageDetail detail = measure_detail(load_framed_image(job.job.spec.image, job.job.size));
  if (detail.sharpness < kFewDetails) {
    advice.push_back(
        "the portrait has very little detail: over-retouched or blurred portraits look worse; use an "
        "unretouched photograph");
  }
  if (detail.mean_luma < kDark)
    advice.push_back("the portrait is very dark: a brighter one shows the mouth better");
  if (detail.mean_luma > kBright)
    advice.push_back("the portrait is very bright: check that the face is not burnt out");
  if (job.image.size.height < job.job.size.height && job.image.size.width < job.job.size.width) {
    advice.push_back("the image is smaller than the film and is enlarged");
  }
  return advice;
}

nlohmann::json judgement_of(const InspectedJob& job) {
  std::vector<std::string> advice = job.job.warnings;
  for (const auto& more : {image_advice(job), advise_on_prompt(job.job.spec.prompt)}) {
    advice.insert(advice.end(), more.begin(), more.end());
  }
  return {{"job", job.job.spec.name},
          {"file", job.job.spec.file.string()},
          {"engine", std::string(name_of(job.job.spec.engine))},
          {"image", job.image.codec + " " + std::to_string(job.image.size.width) + "x" +
                        std::to_string(job.image.size.height)},
          {"sound", job.job.sound_facts},
          {"speech_level_db", job.speech.speech_level_db},
          {"noise_floor_db", job.speech.noise_floor_db},
          {"film_height", job.job.size.height},
          {"film_width", job.job.size.width},
          {"frames", job.job.film_frames},
          {"clips", job.job.clips},
          {"advice", advice}};
}

void print_judgement(const nlohmann::json& judgement) {
  const auto text = [&](const char* key) { return judgement.at(key).get<std::string>(); };
  const auto number = [&](const char* key) { return judgement.at(key).get<double>(); };
  std::printf("%s (%s)\n", text("job").c_str(), text("file").c_str());
  std::printf("  image   %s, film %.0f*%.0f (width*height)\n", text("image").c_str(), number("film_width"),
              number("film_height"));
  std::printf("  sound   %s, speech %.0f dB, noise floor %.0f dB\n", text("sound").c_str(),
              number("speech_level_db"), number("noise_floor_db"));
  std::printf("  film    %.0f frames, %.0f clips, %s\n", number("frames"), number("clips"),
              duration_text(number("frames") / kFramesPerSecond).c_str());
  for (const auto& line : judgement.at("advice"))
    std::printf("  advice  %s\n", line.get<std::string>().c_str());
  if (judgement.at("advice").empty()) std::printf("  nothing to complain about\n");
}

}  // namespace

int plan_command(const CliOptions& options, int, char**) {
  const Plan plan = plan_jobs(options, probe_hardware()).plan;
  (options.json ? std::cerr : std::cout) << to_table(plan);
  if (options.json) std::cout << json_text_of(to_json(plan)) << '\n';
  return plan.fits() ? kExitDone : kExitUser;
}

int check_command(const CliOptions& options, int, char**) {
  nlohmann::json judgements = nlohmann::json::array();
  for (const InspectedJob& job : inspect_jobs(load_jobs_of(options))) judgements.push_back(judgement_of(job));
  if (options.json) {
    std::cout << json_text_of(judgements) << '\n';
  } else {
    for (const auto& judgement : judgements) print_judgement(judgement);
  }
  return kExitDone;
}

}  // namespace longtake
