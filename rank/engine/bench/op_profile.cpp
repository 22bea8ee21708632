#include "rank/engine/bench/op_profile.h"

#include <ATen/record_function.h>

#include <mutex>
#include <set>

#include "jobs/error.h"
#include "rank/engine/bench/device_clock.h"
#include "rank/engine/profile_scopes.h"

namespace longtake {
namespace {

/// The running profile.
struct Measured {
  c10::Device device = c10::kCPU;
  std::mutex mutex;
  TimeTable table;
};

Measured* running = nullptr;

/// An operation or scope that this thread is in.
struct Open {
  std::string name;
  TimeFor what = TimeFor::Other;
  bool is_product = false;
  std::int64_t begin_ns = 0;
  std::int64_t inner_ns = 0;
};

thread_local std::vector<Open> open_ops;

bool is_one_of(const std::string& name, const std::set<std::string>& names) { return names.count(name) != 0; }

bool is_matrix_product(const std::string& name) {
  static const std::set<std::string> names = {"aten::mm",
                                              "aten::addmm",
                                              "aten::bmm",
                                              "aten::addmv",
                                              "aten::baddbmm",
                                              "aten::mv",
                                              "aten::_addmm_activation",
                                              "aten::_scaled_mm"};
  return is_one_of(name, names);
}

/// Scores, softmax and values in one kernel.
bool is_fused_attention(const std::string& name) { return name.find("_attention") != std::string::npos; }

bool is_convolution(const std::string& name) { return name.find("conv") != std::string::npos; }

bool is_softmax(const std::string& name) { return name.find("softmax") != std::string::npos; }

bool is_copy(const std::string& name) {
  static const std::set<std::string> names = {
      "aten::copy_", "aten::_to_copy",        "aten::clone",   "aten::cat",
      "aten::to",    "aten::contiguous",      "aten::reshape", "aten::fill_",
      "aten::zero_", "aten::constant_pad_nd", kGatherScope};
  return is_one_of(name, names);
}

bool is_view(const std::string& name) {
  static const std::set<std::string> names = {
      "aten::as_strided",      "aten::empty",         "aten::expand",
      "aten::narrow",          "aten::permute",       "aten::select",
      "aten::slice",           "aten::squeeze",       "aten::t",
      "aten::transpose",       "aten::unsqueeze",     "aten::view",
      "aten::chunk",           "aten::split",         "aten::empty_like",
      "aten::flatten",         "aten::empty_strided", "aten::resize_",
      "aten::view_as_complex", "aten::view_as_real"};
  return is_one_of(name, names);
}

TimeFor time_for_name(const std::string& name) {
  if (is_matrix_product(name)) return TimeFor::LinearLayers;
  if (is_fused_attention(name)) return TimeFor::AttentionProducts;
  if (is_convolution(name)) return TimeFor::Convolutions;
  if (is_softmax(name)) return TimeFor::Softmax;
  if (is_copy(name)) return TimeFor::Copies;
  return is_view(name) ? TimeFor::Other : TimeFor::Pointwise;
}

/// What `name` is within what its thread is already in.
TimeFor time_for(const std::string& name, TimeFor outer) {
  if (outer == TimeFor::Audio || name == kAudioScope) return TimeFor::Audio;
  if (outer == TimeFor::Rotary || name == kRotaryScope) return TimeFor::Rotary;
  if (name == kPointwiseScope) return TimeFor::Pointwise;
  if (name == kAttentionScope) return TimeFor::AttentionProducts;
  const TimeFor what = time_for_name(name);
  const bool is_attention = outer == TimeFor::AttentionProducts && what == TimeFor::LinearLayers;
  return is_attention ? TimeFor::AttentionProducts : what;
}

std::unique_ptr<at::ObserverContext> on_begin(const at::RecordFunction& op) {
  Open opened;
  opened.name = op.name();
  opened.what = time_for(opened.name, open_ops.empty() ? TimeFor::Other : open_ops.back().what);
  opened.is_product = is_matrix_product(opened.name);
  opened.begin_ns = now_ns();
  open_ops.push_back(std::move(opened));
  return nullptr;
}

/// The scope of attention is no product: what it does beside its products is a copy or nothing.
TimeFor self_of(const Open& op) { return op.name == kAttentionScope ? TimeFor::Other : op.what; }

void on_end(const at::RecordFunction&, at::ObserverContext*) {
  if (open_ops.empty()) return;  // it began before the profile
  wait_for(running->device);
  const Open op = std::move(open_ops.back());
  open_ops.pop_back();
  const std::int64_t whole_ns = now_ns() - op.begin_ns;
  if (!open_ops.empty()) open_ops.back().inner_ns += whole_ns;
  const std::int64_t self_ns = whole_ns - op.inner_ns;
  const std::lock_guard<std::mutex> lock(running->mutex);
  OpTime& time = running->table.ops[{self_of(op), op.name}];
  ++time.calls;
  time.self_ns += self_ns;
  if (op.what == TimeFor::Audio && op.is_product) running->table.audio_product_ns += self_ns;
}

}  // namespace

std::string_view name_of(TimeFor what) {
  switch (what) {
    case TimeFor::LinearLayers:
      return "linear layers";
    case TimeFor::AttentionProducts:
      return "attention products";
    case TimeFor::Convolutions:
      return "convolutions";
    case TimeFor::Softmax:
      return "softmax";
    case TimeFor::Pointwise:
      return "norms and pointwise";
    case TimeFor::Rotary:
      return "rotary";
    case TimeFor::Copies:
      return "copies";
    case TimeFor::Audio:
      return "audio";
    case TimeFor::Other:
      return "other";
    case TimeFor::Waiting:
      return "waiting";
  }
  return "";
}

std::int64_t TimeTable::ns_for(TimeFor what) const {
  std::int64_t measured = 0, wanted = 0;
  for (const auto& [op, time] : ops) {
    measured += time.self_ns;
    if (op.first == what) wanted += time.self_ns;
  }
  return what == TimeFor::Waiting ? std::max<std::int64_t>(0, all_ns() - measured) : wanted;
}

double TimeTable::product_share() const {
  const std::int64_t products = ns_for(TimeFor::LinearLayers) + ns_for(TimeFor::AttentionProducts) +
                                ns_for(TimeFor::Convolutions) + audio_product_ns;
  return all_ns() == 0 ? 0.0 : static_cast<double>(products) / static_cast<double>(all_ns());
}

TimeTable operator+(const TimeTable& a, const TimeTable& b) {
  TimeTable sum = a;
  sum.wall_ns += b.wall_ns;
  sum.audio_product_ns += b.audio_product_ns;
  for (const auto& [op, time] : b.ops) {
    sum.ops[op].calls += time.calls;
    sum.ops[op].self_ns += time.self_ns;
  }
  return sum;
}

OpProfile::OpProfile(c10::Device device, int threads) : threads_(threads) {
  if (running != nullptr) throw Error(ErrorKind::Bug, "two profiles at a time");
  running = new Measured();
  running->device = device;
  callback_ = at::addGlobalCallback(at::RecordFunctionCallback(on_begin, on_end));
  begin_ns_ = now_ns();
}

OpProfile::~OpProfile() {
  at::removeCallback(callback_);
  delete running;
  running = nullptr;
}

TimeTable OpProfile::table() const {
  const std::lock_guard<std::mutex> lock(running->mutex);
  TimeTable table = running->table;
  table.wall_ns = now_ns() - begin_ns_;
  table.threads = threads_;
  return table;
}

}  // namespace longtake
