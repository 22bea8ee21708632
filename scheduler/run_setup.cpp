#include "scheduler/run_setup.h"

#include <algorithm>

#include "jobs/model/model_shape.h"
#include "scheduler/planned_work.h"
#include "scheduler/planner/avatar_groups.h"
#include "scheduler/planner/layout_choice.h"
#include "scheduler/planner/shortages.h"
#include "scheduler/planner/smaller_size.h"
#include "scheduler/reconcile.h"
#include "scheduler/size_used.h"
#include "storage/checkpoint_layout.h"
#include "storage/media/image.h"

namespace longtake {
namespace {

void refuse_other_identity(const PreparedJob& job, const StoredJob& stored, const WorkDir& work_dir) {
  if (stored.identity == job.identity.hash) return;
  const auto before = nlohmann::json::parse(stored.identity_of, nullptr, false);
  throw Error(ErrorKind::InvalidInput,
              work_dir.root().string() + " holds another job named " + job.spec.name + " (identity " +
                  stored.identity.substr(0, 12) + ", this one is " + job.identity.hash.substr(0, 12) + "): " +
                  describe_difference(before, job.identity.of) + "; use another --work-dir or another name");
}

ModelShape shape_of(const std::filesystem::path& model) {
  return read_model_shape(find_checkpoint(model).transformer_config.parent_path());
}

JobInput input_of(const PreparedJob& job, const std::optional<StoredJob>& stored, const WorkDir& work_dir) {
  JobInput input;
  input.spec = job.spec;
  input.size = job.size;
  input.film_frames = job.film_frames;
  input.clips = job.clips;
  if (job.spec.engine == EngineKind::LiveAvatar) input.model = shape_of(job.spec.model);
  if (stored) {
    input.fixed_segments = segments_of(*stored);
  } else {
    input.loudness = read_loudness(work_dir, job);
  }
  return input;
}

std::string film_path(const PreparedJob& job, const WorkDir& work_dir) {
  return job.spec.output.empty() ? work_dir.film(job.spec.name).string() : job.spec.output.string();
}

StoredJob stored_job_of(const PreparedJob& job, const JobPlan& plan, const WorkDir& work_dir) {
  StoredJob stored;
  stored.name = job.spec.name;
  stored.identity = job.identity.hash;
  stored.identity_of = job.identity.of.dump();
  stored.engine = name_of(job.spec.engine);
  stored.size = job.size;
  stored.film_frames = job.film_frames;
  stored.clips = job.clips;
  stored.infer_frames = job.spec.settings.infer_frames;
  stored.segment_clips = plan.segment_clips;
  stored.output = film_path(job, work_dir);
  stored.ranges = ranges_of(plan);
  return stored;
}

SegmentOrder order_of(const PreparedJob& job, const StoredJob& stored, const JobPlan& plan,
                      const WorkDir& work_dir) {
  const JobSettings& settings = job.spec.settings;
  SegmentOrder order;
  order.job = job.spec.name;
  order.identity = job.identity.hash;
  order.settings = {job.spec.prompt,         settings.sample_steps,  settings.sample_guide_scale,
                    settings.fold_last_step, settings.base_seed,     settings.infer_frames,
                    job.spec.model.string(), job.spec.lora.string(), settings.precision,
                    settings.kv_cache_dtype};
  order.size = job.size;
  order.film_frames = job.film_frames;
  order.renewal_clips = stored.segment_clips;
  order.share.layout = plan.layout;
  order.reference_image = work_dir.reference_image(job.spec.name);
  order.speech = work_dir.speech(job.spec.name);
  order.speech_samples = job.speech_samples;
  return order;
}

FilmOrder film_of(const PreparedJob& job, const StoredJob& stored, const WorkDir& work_dir) {
  FilmOrder film;
  film.job = stored.id;
  film.sound = {job.spec.audio, job.speech_samples, job.film_frames, work_dir.sound(job.spec.name)};
  film.join.sound = film.sound.sound;
  film.join.film = stored.output;
  film.join.film_frames = job.film_frames;
  film.join.size = job.size;
  film.join.title = job.spec.name;
  return film;
}

/// Preparing framed it for the size asked for.
void frame_reference_image(const PreparedJob& job, const WorkDir& work_dir) {
  const std::filesystem::path framed = work_dir.reference_image(job.spec.name);
  if (probe_image(framed).size == job.size) return;
  write_png(framed, load_framed_image(job.spec.image, job.size));
}

/// What the core may choose from when ranks are lost, or memory turns out to be too little.
std::map<int, JobShare> shares_of(const Profile& profile, const JobInput& input, const JobPlan& plan,
                                  const std::vector<RankHardware>& ranks) {
  std::map<int, JobShare> shares;
  if (input.model) {
    const AvatarDemand demand = demand_of(profile, input);
    for (int sharing = 1; sharing <= static_cast<int>(ranks.size()); ++sharing) {
      auto need = layout_that_fits(profile, demand, sharing);
      if (need) shares[sharing] = {std::move(need->layout), std::move(need->memory)};
    }
  }
  shares[std::max(1, plan.layout.ranks())] = {plan.layout, plan.memory};
  return shares;
}

/// In what order too little memory is dealt with: another layout, then, where that is allowed, another size.
std::optional<FrameSize> size_after(const Profile& profile, const PreparedJob& job, const JobInput& input,
                                    const SlotInventory& inventory) {
  if (job.spec.settings.on_oom != OnOom::SmallerSize) return std::nullopt;
  std::size_t most_ranks = 1;
  for (const SlotInventory::Host& host : inventory.hosts)
    most_ranks = std::max(most_ranks, host.ranks.size());
  return next_smaller_size(profile, input, probe_image(job.spec.image).size, static_cast<int>(most_ranks));
}

}  // namespace

SlotInventory inventory_of(const std::vector<RankHardware>& ranks) {
  SlotInventory inventory;
  for (const RankHardware& rank : ranks) {
    auto host = std::find_if(inventory.hosts.begin(), inventory.hosts.end(),
                             [&](const SlotInventory::Host& known) { return known.name == rank.host; });
    if (host == inventory.hosts.end()) {
      host = inventory.hosts.insert(host, {rank.host, rank.cpu_slots, rank.gpus, {}});
    }
    host->ranks.push_back(rank.rank);
  }
  return inventory;
}

RunSetup set_up_run(const Profile& profile, std::vector<PreparedJob> prepared,
                    const std::vector<RankHardware>& ranks, const WorkDir& work_dir, JobStore& store,
                    Epoch epoch, std::int64_t now_ms) {
  std::vector<std::optional<StoredJob>> known;
  std::vector<JobInput> inputs;
  for (PreparedJob& job : prepared) {
    known.push_back(store.find_job(job.spec.name));
    const std::optional<StoredJob>& stored = known.back();
    if (stored) {
      refuse_other_identity(job, *stored, work_dir);
      job.size = stored->size;
    }
    inputs.push_back(input_of(job, stored, work_dir));
    if (stored) inputs.back().ran_out_at_bytes = store.least_shortage_bytes(stored->id, profile.name);
  }
  const SlotInventory inventory = inventory_of(ranks);
  RunSetup setup;
  setup.plan = plan_around_shortages(profile, inputs, inventory);
  refuse_what_cannot_run(setup.plan);
  setup.groups = groups_of(setup.plan);
  for (std::size_t j = 0; j < prepared.size(); ++j) {
    const PreparedJob& job = prepared[j];
    const JobPlan& plan = setup.plan.jobs[j];
    StoredJob stored = known[j] ? *known[j] : store.add_job(stored_job_of(job, plan, work_dir), now_ms);
    // The film may have been asked for elsewhere this time; that changes no number.
    stored.output = film_path(job, work_dir);
    frame_reference_image(job, work_dir);
    std::vector<Change> found = reconcile_with_disk(stored, work_dir, store.next_segment(), now_ms);
    if (const std::string size = describe_other_size(stored); !size.empty()) {
      found.push_back(EventNoted{"job", stored.name, size, now_ms});
    }
    store.save(epoch, found);
    for (const Change& change : found) {
      if (const auto* note = std::get_if<EventNoted>(&change)) setup.notes.push_back(*note);
    }
    setup.films[stored.id] = film_of(job, stored, work_dir);
    SegmentOrder order = order_of(job, stored, plan, work_dir);
    setup.jobs.push_back({std::move(stored), job.spec.priority, std::move(order), plan.frames_per_second,
                          shares_of(profile, inputs[j], plan, ranks),
                          size_after(profile, job, inputs[j], inventory)});
  }
  return setup;
}

}  // namespace longtake
