#include "scheduler/slurm/batch_script.h"

#include "jobs/error.h"
#include "scheduler/slurm/template_text.h"

namespace longtake {
namespace {

/// One word of bash, whatever it holds.
std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char letter : word) {
    if (letter == '\'') {
      text += R"('\'')";
    } else {
      text += letter;
    }
  }
  return text + "'";
}

std::string quoted(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + quoted(word);
  return text;
}

/// The #SBATCH lines, in the order in which they are added.
class Directives {
 public:
  void add(const std::string& option) {
    if (option.find_first_of("\n\r") != std::string::npos) {
      throw Error(ErrorKind::InvalidInput,
                  "a Slurm option must be on one line, got '" + option + "': take the line break out");
    }
    text_ += (text_.empty() ? "" : "\n") + ("#SBATCH " + option);
  }

  /// Nothing for an empty value.
  void add(const std::string& option, const std::string& value) {
    if (value.empty()) return;
    if (value.find('"') != std::string::npos) {
      throw Error(ErrorKind::InvalidInput,
                  "Slurm's " + option + " cannot hold a double quote, got " + value + ": take it out");
    }
    const bool is_plain = value.find_first_of(" \t'\\#;") == std::string::npos;
    add(option + "=" + (is_plain ? value : '"' + value + '"'));
  }
  void add(const std::string& option, std::optional<int> value) {
    if (value) add(option, std::to_string(*value));
  }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string array_of(const BatchJob& job) {
  const std::string range = "0-" + std::to_string(job.works.size() - 1);
  return job.array_at_once ? range + "%" + std::to_string(*job.array_at_once) : range;
}

/// In sbatch's patterns a percent sign begins what stands for a number.
std::string log_pattern(const BatchJob& job) {
  std::string folder;
  for (const char letter : job.log_folder.string()) folder += letter == '%' ? "%%" : std::string(1, letter);
  return folder + (job.is_array ? "/slurm-%A_%a.log" : "/slurm-%j.log");
}

std::string directives_of(const BatchJob& job) {
  Directives directives;
  directives.add("--job-name", job.name);
  if (job.is_array) directives.add("--array", array_of(job));
  directives.add("--nodes", job.nodes);
  directives.add("--ntasks-per-node", job.tasks_per_node);
  if (job.gres.empty()) directives.add("--gpus-per-node", job.gpus_per_node);
  directives.add("--gres", job.gres);
  directives.add("--cpus-per-task", job.cpus_per_task);
  directives.add("--mem", job.memory);
  directives.add("--time", job.time_limit);
  directives.add("--partition", job.partition);
  directives.add("--account", job.account);
  directives.add("--dependency", job.dependency);
  for (const std::string& more : job.directives) directives.add(more);
  directives.add("--requeue");
  directives.add("--signal=B:USR1@" + std::to_string(job.warn_before_s));
  directives.add("--open-mode=append");
  directives.add("--output", log_pattern(job));
  return directives.text();
}

std::string jobs_lines(const BatchJob& job) {
  if (!job.is_array) {
    std::vector<std::string> files;
    for (const auto& file : job.works.at(0).jobs) files.push_back(file.string());
    return "jobs=(" + quoted(files) + ")\nwork_dir=" + quoted(job.works[0].work_dir.string()) + "\n";
  }
  std::string lines = "case $SLURM_ARRAY_TASK_ID in\n";
  for (std::size_t task = 0; task < job.works.size(); ++task) {
    std::vector<std::string> files;
    for (const auto& file : job.works[task].jobs) files.push_back(file.string());
    lines += "  " + std::to_string(task) + ") jobs=(" + quoted(files) +
             ") work_dir=" + quoted(job.works[task].work_dir.string()) + " ;;\n";
  }
  return lines + "esac\n";
}

std::string command_of(const BatchJob& job) {
  std::string text;
  for (const auto& [name, value] : job.environment) text += "export " + name + "=" + quoted(value) + "\n";
  text += jobs_lines(job);
  text += "command=(" + quoted(job.program.string()) + R"( run "${jobs[@]}" --work-dir "$work_dir")";
  if (!job.run_options.empty()) text += " " + quoted(job.run_options);
  if (job.launch == SlurmLaunch::Srun) text += " --launch srun";
  return text + " --ranks " + std::to_string(job.ranks()) + ")";
}

/// The template's own text is not looked at again: a file may be called @COMMAND@.
std::string filled(const std::string& text, const std::string& mark, const std::string& value) {
  const std::size_t at = text.find(mark);
  if (at == std::string::npos) throw Error(ErrorKind::Bug, "slurm/longtake.sbatch has no place for " + mark);
  return text.substr(0, at) + value + text.substr(at + mark.size());
}

}  // namespace

std::string batch_script(const BatchJob& job) {
  // From the end: what is filled in last stands before what was filled in first.
  return filled(filled(kBatchTemplate, "@COMMAND@", command_of(job)), "@DIRECTIVES@", directives_of(job));
}

std::filesystem::path log_file(const BatchJob& job, const std::string& id) {
  return job.log_folder / ("slurm-" + id + (job.is_array ? "_TASK.log" : ".log"));
}

}  // namespace longtake
