#include "scheduler/doctor/nvidia_smi.h"

#include <algorithm>
#include <cstdlib>
#include <regex>
#include <sstream>

#include "scheduler/doctor/words.h"
#include "scheduler/programs/ask_program.h"

namespace longtake {
namespace {

/// A driver that is not loaded takes seconds to answer on a host of eight GPUs.
constexpr std::chrono::seconds kPatience{60};
constexpr std::int64_t kMebi = 1024 * 1024;

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// The rows that have so many columns.
std::vector<std::vector<std::string>> rows_of(const std::string& csv, std::size_t columns) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> row;
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(trimmed(cell));
    if (row.size() == columns) rows.push_back(std::move(row));
  }
  return rows;
}

/// "[N/A]" and "[Not Supported]" count as 0.
std::int64_t mebibytes(const std::string& cell) { return std::strtoll(cell.c_str(), nullptr, 10) * kMebi; }

GpuState* find_gpu(const std::string& uuid, std::vector<GpuState>& gpus) {
  const auto found =
      std::find_if(gpus.begin(), gpus.end(), [&](const GpuState& gpu) { return gpu.uuid == uuid; });
  return found == gpus.end() ? nullptr : &*found;
}

std::vector<std::string> causes_of(unsigned long mask) {
  struct Cause {
    unsigned long bit;
    const char* words;
  };
  // NVML's nvmlClocksEventReason*. Those left out are wanted: idle, set clocks, the power limit of the card.
  constexpr Cause kCauses[] = {{0x08, "the hardware (heat or power)"},
                               {0x20, "heat"},
                               {0x40, "heat (hardware limit)"},
                               {0x80, "the power supply"}};
  std::vector<std::string> causes;
  for (const Cause& cause : kCauses) {
    if ((mask & cause.bit) != 0) causes.emplace_back(cause.words);
  }
  return causes;
}

Answer ask(const std::string& query) {
  return ask_program({{"nvidia-smi", query, "--format=csv,noheader,nounits"}, kPatience});
}

std::string failure_of(const Answer& answer) {
  if (answer.was_late) return "no answer within " + std::to_string(kPatience.count()) + " s";
  return first_line(answer.err.empty() ? answer.out : answer.err);
}

}  // namespace

std::vector<GpuState> gpus_from_csv(const std::string& csv) {
  std::vector<GpuState> gpus;
  for (const auto& row : rows_of(csv, 6)) {
    GpuState gpu;
    gpu.uuid = row[0];
    gpu.name = row[1];
    gpu.memory_bytes = mebibytes(row[2]);
    gpu.used_bytes = mebibytes(row[3]);
    gpu.is_persistent = row[4] == "Enabled";
    gpus.push_back(std::move(gpu));
  }
  return gpus;
}

std::string driver_from_csv(const std::string& csv) {
  const auto rows = rows_of(csv, 6);
  return rows.empty() ? "" : rows.front().back();
}

void add_processes_from_csv(const std::string& csv, std::vector<GpuState>& gpus) {
  for (const auto& row : rows_of(csv, 4)) {
    GpuState* gpu = find_gpu(row[0], gpus);
    if (gpu == nullptr) continue;
    gpu->processes.push_back({std::atoi(row[1].c_str()), row[2], mebibytes(row[3])});
  }
}

void add_slow_clocks_from_csv(const std::string& csv, std::vector<GpuState>& gpus) {
  for (const auto& row : rows_of(csv, 2)) {
    if (GpuState* gpu = find_gpu(row[0], gpus)) {
      gpu->slowed_by = causes_of(std::strtoul(row[1].c_str(), nullptr, 16));
    }
  }
}

std::string cuda_from_heading(const std::string& text) {
  static const std::regex kVersion(R"(CUDA(?: UMD)? Version\s*:\s*([0-9]+\.[0-9]+))");
  std::smatch match;
  return std::regex_search(text, match, kVersion) ? match[1].str() : "";
}

GpuFacts ask_nvidia_smi() {
  GpuFacts facts;
  const Answer gpus = ask("--query-gpu=uuid,name,memory.total,memory.used,persistence_mode,driver_version");
  facts.has_tool = gpus.was_started;
  if (!facts.has_tool) return facts;
  if (!gpus.is_good()) {
    facts.failure = failure_of(gpus);
    return facts;
  }
  facts.host = gpus_from_csv(gpus.out);
  facts.driver = driver_from_csv(gpus.out);
  add_processes_from_csv(ask("--query-compute-apps=gpu_uuid,pid,process_name,used_memory").out, facts.host);
  // Newer drivers know it as clocks_event_reasons.active and keep the old name.
  add_slow_clocks_from_csv(ask("--query-gpu=uuid,clocks_throttle_reasons.active").out, facts.host);
  facts.cuda = cuda_from_heading(ask_program({{"nvidia-smi"}, kPatience}).out);
  return facts;
}

}  // namespace longtake
