#include "rank/engine/liveavatar/memory_account.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <utility>

#include "rank/engine/gpu/device_memory.h"

namespace longtake {
namespace {

/// What grows while a moment computes, as the planner names it.
std::string component_of(const std::string& moment) {
  if (moment == "text") return "text encoder";
  if (moment == "speech") return "speech encoder";
  if (moment == "reference") return "vae encoder";
  if (moment == "decode") return "vae workspace";
  const bool is_computing = moment == "sink" || moment == "anchor" || moment.rfind("step ", 0) == 0;
  return is_computing ? "activations" : "";
}

MemoryReading read_device(c10::Device device) {
  const auto memory = device_memory(device);
  if (!memory) return {};
  forget_device_peak(device);
  return {memory->allocated, memory->peak_allocated, memory->peak_reserved};
}

}  // namespace

MemoryMeter memory_meter(c10::Device device) {
  if (!device.is_cpu()) return [device] { return read_device(device); };
  // Linux tells the most since the process began: only who makes it grow is known.
  return [before = std::int64_t{0}]() mutable -> MemoryReading {
    const std::int64_t peak = resident_peak_bytes();
    return {0, std::exchange(before, peak) < peak ? peak : 0, 0};
  };
}

MemoryAccount::Making::Making(MemoryAccount& account, std::string component)
    : account_(account), component_(std::move(component)), kept_before_(account.read("")) {}

MemoryAccount::Making::~Making() {
  const std::int64_t kept = account_.read(component_) - kept_before_;
  const bool has_failed = std::uncaught_exceptions() > 0;
  if (has_failed && account_.failed_component_.empty()) account_.failed_component_ = component_;
  if (!has_failed && kept > 0) account_.held_[component_] = kept;
}

void MemoryAccount::begin_segment() {
  meter_();
  pending_ = {};
  peak_ = {};
  peak_bytes_ = peak_reserved_ = 0;
  failed_moment_.clear();
  failed_component_.clear();
}

/// Returns what is kept now.
std::int64_t MemoryAccount::read(const std::string& component) {
  const MemoryReading reading = meter_();
  peak_reserved_ = std::max(peak_reserved_, reading.peak_reserved);
  if (reading.peak > pending_.bytes) pending_ = {reading.peak, component, held_};
  return reading.kept;
}

void MemoryAccount::on_over(const std::string& moment) {
  read("");
  if (pending_.bytes > peak_bytes_) {
    peak_bytes_ = pending_.bytes;
    peak_ = {moment, pending_.component.empty() ? component_of(moment) : pending_.component,
             std::move(pending_.held)};
  }
  pending_ = {};
  if (std::uncaught_exceptions() > 0 && failed_moment_.empty()) failed_moment_ = moment;
}

std::string MemoryAccount::failure_text() const {
  if (failed_moment_.empty()) return "";
  const std::string component = failed_component_.empty() ? component_of(failed_moment_) : failed_component_;
  return "in " + failed_moment_ + (component.empty() ? "" : " (" + component + ")");
}

std::string MemoryAccount::held_text() const {
  std::string text;
  for (const auto& [component, bytes] : held_) {
    text += (text.empty() ? "" : ", ") + component + " " + memory_text(bytes);
  }
  return text;
}

std::int64_t resident_peak_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

std::string memory_text(std::int64_t bytes) {
  constexpr double kGiga = 1e9, kMega = 1e6;
  const bool is_large = static_cast<double>(bytes) >= kGiga;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), is_large ? "%.2f GB" : "%.1f MB",
                static_cast<double>(bytes) / (is_large ? kGiga : kMega));
  return text.data();
}

}  // namespace longtake
