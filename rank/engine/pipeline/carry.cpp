#include "rank/engine/pipeline/carry.h"

#include <charconv>
#include <cstring>

#include "jobs/error.h"
#include "storage/safetensors.h"

namespace longtake {
namespace {

constexpr const char* kFormat = "longtake-liveavatar-carry-1";

std::string name_of_step(std::size_t step) { return "left_step." + std::to_string(step); }

TensorView view_of(const at::Tensor& tensor) {
  return {TensorType::F32, tensor.sizes().vec(),
          std::string_view(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes())};
}

/// Reads one carry file; every complaint names it.
class CarryFile {
 public:
  explicit CarryFile(const std::filesystem::path& path) : path_(path), file_(path) {}

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(ErrorKind::InvalidInput, "the carry " + path_.string() + " cannot be gone on from: " + why);
  }

  std::string word(const std::string& key) const {
    const auto found = file_.metadata().find(key);
    if (found == file_.metadata().end()) refuse("it does not say its " + key);
    return found->second;
  }

  std::int64_t number(const std::string& key) const {
    const std::string text = word(key);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      refuse("its " + key + " is '" + text + "', not a number");
    }
    return value;
  }

  void expect(const std::string& what, const std::string& found, const std::string& wanted) const {
    if (found != wanted) refuse("its " + what + " is '" + found + "', expected '" + wanted + "'");
  }

  at::Tensor tensor(const std::string& name, const std::vector<std::int64_t>& shape) const {
    const SafetensorsFile::Entry& entry = file_.entry(name);
    if (entry.type != TensorType::F32 || entry.shape != shape) {
      refuse("its tensor '" + name + "' has another type or shape than this job's latents");
    }
    const std::string bytes = file_.read(name);
    at::Tensor result = at::empty(shape, at::kFloat);
    std::memcpy(result.data_ptr(), bytes.data(), bytes.size());
    return result;
  }

 private:
  std::filesystem::path path_;
  SafetensorsFile file_;
};

}  // namespace

void write_carry(const std::filesystem::path& path, const Carry& carry, const std::string& identity) {
  const at::Tensor anchor = carry.anchor_CFYX.contiguous();
  std::vector<at::Tensor> steps;
  for (const at::Tensor& step : carry.left_step_CFYX) steps.push_back(step.contiguous());
  std::map<std::string, TensorView> tensors = {{"anchor", view_of(anchor)}};
  for (std::size_t i = 0; i < steps.size(); ++i) tensors[name_of_step(i)] = view_of(steps[i]);
  write_safetensors(path, tensors,
                    {{"format", kFormat},
                     {"identity", identity},
                     {"first_clip", std::to_string(carry.clips.begin)},
                     {"next_clip", std::to_string(carry.clips.end)},
                     {"renewal_clips", std::to_string(carry.renewal_clips)},
                     {"steps", std::to_string(steps.size())}});
}

Carry read_carry(const std::filesystem::path& path, const CarryNeeds& needs) {
  const CarryFile file(path);
  file.expect("format", file.word("format"), kFormat);
  file.expect("identity", file.word("identity"), needs.identity);
  file.expect("next_clip", file.word("next_clip"), std::to_string(needs.next_clip));
  file.expect("steps", file.word("steps"), std::to_string(needs.steps));
  Carry carry;
  carry.renewal_clips = file.number("renewal_clips");
  carry.clips = {file.number("first_clip"), needs.next_clip};
  if (carry.renewal_clips < 1 || carry.clips.is_empty()) file.refuse("it holds no clips");
  const ClipShape& clip = needs.clip;
  carry.anchor_CFYX = file.tensor("anchor", {clip.channels, 1, clip.height, clip.width});
  const std::int64_t frames = carry.clips.length() * clip.latent_frames();
  for (std::size_t step = 0; step < static_cast<std::size_t>(needs.steps); ++step) {
    carry.left_step_CFYX.push_back(
        file.tensor(name_of_step(step), {clip.channels, frames, clip.height, clip.width}));
  }
  return carry;
}

}  // namespace longtake
