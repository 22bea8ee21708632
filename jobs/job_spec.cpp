#include "jobs/job_spec.h"

#include <algorithm>
#include <fstream>

#include "jobs/nearest_word.h"
#include "jobs/yaml_document.h"

namespace longtake {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLongestName = 100;

const std::vector<Choice<EngineKind>> kEngines = {{"liveavatar", EngineKind::LiveAvatar},
                                                  {"slate", EngineKind::Slate}};

bool is_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

/// A name becomes a folder's name: no separators, nothing hidden, no "..".
bool is_job_name(const std::string& name) {
  return !name.empty() && name.size() <= kLongestName && name[0] != '.' &&
         std::all_of(name.begin(), name.end(), is_name_letter);
}

std::string nearest_job_name(const std::string& name) {
  std::string valid = name.substr(0, kLongestName);
  std::replace_if(
      valid.begin(), valid.end(), [](char c) { return !is_name_letter(c); }, '-');
  valid.erase(0, valid.find_first_not_of(".-"));
  return valid.empty() ? "my-film" : valid;
}

void read_name(YamlDocument& yaml, JobSpec& job) {
  const bool is_written = yaml.has("name");
  const std::optional<std::string> name = is_written ? yaml.text("name") : job.file.stem().string();
  if (!name) return;
  if (is_job_name(*name)) {
    job.name = *name;
    return;
  }
  yaml.add_problem("name",
                   "must be 1 to 100 of the characters A-Z a-z 0-9 . _ - and not begin with '.', got '" +
                       *name + "'" + (is_written ? "" : ", the name of the file"),
                   "write for example 'name: " + nearest_job_name(*name) + "'");
}

void read_preset(YamlDocument& yaml, const PresetLibrary& presets, JobSpec& job) {
  const std::optional<std::string> name = yaml.text("preset");
  if (!name) return;
  const auto preset = presets.find(*name);
  if (preset == presets.end()) {
    std::vector<std::string> names;
    for (const auto& entry : presets) names.push_back(entry.first);
    yaml.add_problem("preset", "there is no preset '" + *name + "'",
                     names.empty() ? "remove the line" : "write " + join_words(names));
    return;
  }
  job.preset = *name;
  job.settings = preset->second.settings;
  for (const std::string& key : preset->second.keys) {
    if (job.lines.count(key) == 0) job.set_by_preset.insert(key);
  }
}

std::string remedy_for_missing(const fs::path& path) {
  std::error_code error;
  std::vector<std::string> neighbours;
  for (const auto& entry : fs::directory_iterator(path.parent_path(), error)) {
    neighbours.push_back(entry.path().filename().string());
  }
  if (error) return "there is no folder " + path.parent_path().string() + " that can be read";
  // Sorted, so that the advice does not depend on the order of the disk.
  std::sort(neighbours.begin(), neighbours.end());
  const auto nearest = nearest_word(path.filename().string(), neighbours);
  return nearest ? "did you mean '" + *nearest + "'?" : "paths are relative to the job file's folder";
}

enum class Wanted { File, Folder };

/// The path under `key`, absolute; a problem when it is not there or not what is wanted.
fs::path read_existing(YamlDocument& yaml, const JobSpec& job, const std::string& key, Wanted wanted) {
  const std::optional<std::string> text = yaml.text(key);
  if (!text) return {};
  const fs::path path = (job.file.parent_path() / *text).lexically_normal();
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  const char* name = wanted == Wanted::File ? "file" : "folder";
  if (!fs::exists(status)) {
    yaml.add_problem(key, std::string("there is no ") + name + " " + path.string(), remedy_for_missing(path));
  } else if (wanted == Wanted::Folder ? !fs::is_directory(status) : !fs::is_regular_file(status)) {
    yaml.add_problem(key, path.string() + " is not a " + name, std::string("give a ") + name);
  } else if (wanted == Wanted::File && !std::ifstream(path)) {
    yaml.add_problem(key, path.string() + " cannot be read", "give yourself the right to read it");
  }
  return path;
}

/// The slate engine has no model: what the file says about one is kept but not looked for.
fs::path read_model_path(YamlDocument& yaml, const JobSpec& job, const std::string& key, Wanted wanted) {
  if (job.engine == EngineKind::LiveAvatar) return read_existing(yaml, job, key, wanted);
  const std::optional<std::string> text = yaml.text(key);
  return text ? (job.file.parent_path() / *text).lexically_normal() : fs::path();
}

void read_model(YamlDocument& yaml, const JobOverrides& overrides, JobSpec& job) {
  if (const auto engine = yaml.choice("engine", kEngines)) job.engine = *engine;
  if (overrides.engine) job.engine = *overrides.engine;
  if (overrides.model) {
    yaml.has("model");  // known, though the command line outranks it
    job.model = fs::absolute(*overrides.model).lexically_normal();
  } else {
    job.model = read_model_path(yaml, job, "model", Wanted::Folder);
  }
  job.lora = read_model_path(yaml, job, "lora", Wanted::File);
}

void read_output(YamlDocument& yaml, JobSpec& job) {
  const std::optional<std::string> text = yaml.text("output");
  if (!text) return;
  job.output = (job.file.parent_path() / *text).lexically_normal();
  std::error_code error;
  if (fs::is_directory(job.output, error)) {
    yaml.add_problem("output", job.output.string() + " is a folder", "name the film's file in it");
  } else if (job.output.extension() != ".mp4") {
    yaml.add_problem("output", "must end in .mp4, got '" + *text + "'", "the film is always an MP4 file");
  } else if (job.output == job.image || job.output == job.audio) {
    yaml.add_problem("output", "would overwrite the job's own input " + job.output.string(),
                     "name another file");
  }
}

void read_inputs(YamlDocument& yaml, JobSpec& job) {
  if (yaml.require("prompt", "A news anchor speaks slowly with clear articulation.")) {
    job.prompt = yaml.text("prompt").value_or("");
  }
  if (yaml.require("image", "portrait.png")) job.image = read_existing(yaml, job, "image", Wanted::File);
  if (yaml.require("audio", "speech.mp3")) job.audio = read_existing(yaml, job, "audio", Wanted::File);
}

}  // namespace

std::string_view name_of(EngineKind engine) {
  for (const Choice<EngineKind>& choice : kEngines) {
    if (choice.value == engine) return choice.word;
  }
  return "";
}

std::optional<EngineKind> engine_kind_from(std::string_view name) {
  for (const Choice<EngineKind>& choice : kEngines) {
    if (choice.word == name) return choice.value;
  }
  return std::nullopt;
}

std::optional<JobSpec> parse_job(const fs::path& file, const PresetLibrary& presets,
                                 const JobOverrides& overrides, std::vector<Problem>& problems) {
  const auto first_problem = static_cast<std::ptrdiff_t>(problems.size());
  std::optional<YamlDocument> yaml = YamlDocument::read_file(file, problems);
  if (!yaml) return std::nullopt;
  JobSpec job;
  job.file = fs::absolute(file).lexically_normal();
  job.lines = yaml->lines();
  read_name(*yaml, job);
  read_preset(*yaml, presets, job);
  read_settings(*yaml, job.settings);
  read_inputs(*yaml, job);
  read_model(*yaml, overrides, job);
  read_output(*yaml, job);
  if (const auto priority = yaml->integer("priority", {-1000, 1000}))
    job.priority = static_cast<int>(*priority);
  yaml->report_unknown_keys();
  std::stable_sort(problems.begin() + first_problem, problems.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  return job;
}

Problem problem_of(const JobSpec& job, const std::string& key, std::string message, std::string remedy) {
  const auto line = job.lines.find(key);
  return {job.file.string(), line == job.lines.end() ? 0 : line->second, key, std::move(message),
          std::move(remedy)};
}

}  // namespace longtake
