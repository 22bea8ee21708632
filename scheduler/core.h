#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "jobs/messages.h"
#include "scheduler/rate_meter.h"
#include "scheduler/run_status.h"
#include "scheduler/time_left.h"
#include "scheduler/work_record.h"
#include "storage/change.h"
#include "storage/job_store.h"
#include "storage/work_dir.h"

namespace longtake {

/// A job as the core needs it.
struct RunJob {
  StoredJob stored;
  int priority = 0;
  /// Filled in but for attempt, range, clips, frames, the paths of the segment and the stage; `meeting` is
  /// the run's folder, in which each attempt that needs one gets its own.
  SegmentOrder order;
  double frames_per_second = 0;  ///< of one group, as planned; 0: not known
  /// How groups of so many ranks share its work, for every number that fits. All give the same film. Empty:
  /// it is made as `order` says, and not otherwise.
  std::map<int, JobShare> shares{};
  /// The size at which the next run goes on when there is too little memory for all of them; nullopt: then
  /// the job fails.
  std::optional<FrameSize> smaller{};
};

/// The ranks whose engines make a segment together, in the order of its stages. The last one writes it and
/// reports it finished. A job that one engine makes alone is the last one's.
struct RunGroup {
  GroupId id;
  std::vector<RankId> ranks;
  std::string host;
};

struct Outgoing {
  RankId to;
  SchedulerMessage message;
};

struct EndRun {
  int exit_code = 0;
  std::string message;
};

/// What an event asks for. The loop saves `changes` in one transaction, and only then does the rest.
struct Actions {
  std::vector<Change> changes;
  std::vector<Outgoing> sends;
  std::vector<JobId> joins;  ///< films to be joined now; answered by on_film_*
  std::optional<EndRun> end;
};

struct CoreLimits {
  int tries_per_segment = 3;   ///< failures a segment may have caused, then its job fails
  int failures_per_group = 3;  ///< different segments failed in a row, then the group is not used any more
  int losses_per_group = 5;    ///< attempts lost in a row, then the group is not used any more
  int joins_per_job = 4;       ///< a film that cannot be joined after so many tries fails
  /// Before a segment or a film is tried again after a disk or codec error; a film waits longer each time.
  std::int64_t io_pause_ms = 2000;
  std::int64_t drain_ms = 20000;       ///< for engines to end with what they can keep
  std::int64_t drain_grace_ms = 5000;  ///< after that, for ranks to give up what they are doing
  std::optional<Deadline> deadline;
  std::int64_t end_reserve_ms = 10000;  ///< before the deadline: for last commits, and processes to end
  /// How long a full disk is waited for, in all since something was last finished; then the run drains.
  std::int64_t disk_full_patience_ms = 300000;
};

/// Who makes what and when: a pure state machine. Each handler takes an event and the time (milliseconds
/// since 1970, never going back) and returns what to save and to send. Reports that are stale (another
/// epoch, an attempt that is over) change nothing. Belongs to the scheduler's thread.
///
/// Order: higher priority first, then the chain with most clips left; segments of a range in order.
class SchedulerCore {
 public:
  /// `next_segment`: no segment of any job in the database has it or a later one; not set when there are
  /// no others than those of `jobs`.
  SchedulerCore(Epoch epoch, const WorkDir& work_dir, std::vector<RunJob> jobs, std::vector<RunGroup> groups,
                AttemptId next_attempt, CoreLimits limits, SegmentId next_segment = {});
  SchedulerCore(const SchedulerCore&) = delete;
  SchedulerCore& operator=(const SchedulerCore&) = delete;

  Actions on_started(std::int64_t now_ms);
  Actions on_rank_joined(const RankHardware& hardware, std::int64_t now_ms);
  /// Its sends are to go out at once, whatever waits to be saved.
  Actions on_rank_alive(const RankAlive& alive, std::int64_t now_ms);
  Actions on_rank_left(RankId rank, const std::string& reason, std::int64_t now_ms);
  /// The rank's connection has ended. It is lost soon unless it is heard again.
  void on_rank_hung_up(RankId rank, std::int64_t now_ms);
  Actions on_attempt_progressed(const AttemptProgressed& report, std::int64_t now_ms);
  Actions on_attempt_finished(const AttemptFinished& report, std::int64_t now_ms);
  Actions on_stage_finished(const StageFinished& report, std::int64_t now_ms);
  Actions on_attempt_failed(const AttemptFailed& report, std::int64_t now_ms);
  Actions on_film_joined(JobId job, const std::string& summary, std::int64_t now_ms);
  /// The join found that a segment (position in the film) no longer holds what was written.
  Actions on_film_segment_bad(JobId job, std::size_t segment, const std::string& why, std::int64_t now_ms);
  Actions on_film_failed(JobId job, ErrorKind kind, const std::string& message, std::int64_t now_ms);
  /// Start nothing new, have what runs come to an end that keeps what is made, end with exit code 75.
  Actions on_drain(const std::string& by, std::int64_t now_ms);
  /// The disk has no room (also told by on_attempt_failed); and again some.
  Actions on_disk_full(const std::string& what, std::int64_t now_ms);
  Actions on_disk_has_room(std::int64_t now_ms);
  /// Whether what was asked for last could not be saved, so that ranks are not told of it yet.
  void on_orders_held(bool are_held) { are_orders_held_ = are_held; }
  /// The scheduler itself did nothing for so long, until now: it has heard nobody, and nobody is to blame.
  void on_paused(std::int64_t pause_ms);
  /// Several times a second: silent ranks, pauses that are over, graces that are over.
  Actions on_tick(std::int64_t now_ms);

  bool is_waiting_for_disk() const { return disk_full_since_ms_ >= 0; }
  bool has_lost_ranks() const;
  /// Ranks that have not joined yet and are not given up.
  bool is_expecting_ranks() const;
  RunStatus status(std::int64_t now_ms) const;
  struct AttemptSubject {
    JobId job;
    Interval clips;
    const JobShare* share = nullptr;  ///< lives as long as the core
  };
  /// What an attempt is or was about, if it is its group's present one or the one before: a stage may end
  /// after its segment. nullopt for others.
  std::optional<AttemptSubject> subject_of(Epoch epoch, AttemptId attempt) const;
  /// The job with its segments' states and facts as of now. Throws Error{Bug} for an unknown id.
  const StoredJob& job(JobId id) const;
  /// How the job's work is shared out now: as in its last attempt, before that as planned.
  const JobShare& share_of(JobId id) const;

 private:
  struct Job {
    StoredJob stored;
    SegmentOrder order;
    std::map<int, JobShare> shares;  ///< by the ranks that share; never empty
    const JobShare* share = nullptr;
    int least_ranks = 1;  ///< fewer turned out to have too little memory
    std::optional<FrameSize> smaller;
    bool is_left_for_smaller_size = false;  ///< to the next run: no segment of this size is wanted any more
    std::string asked_size;                 ///< "704*384"
    int priority = 0;
    int joins_tried = 0;
    bool is_joining = false;
    std::int64_t join_from_ms = 0;  ///< not before then
    std::int64_t clips_done = 0;
    std::int64_t frames_done = 0;  ///< of finished segments
    std::int64_t frames_running = 0;
    std::size_t segments_left = 0;
    ErrorKind failure = ErrorKind::Bug;
    RateMeter rate;
    double planned_frames_per_second = 0;
  };
  struct Range {
    std::size_t job = 0;
    std::size_t index = 0;  ///< in its job
    std::size_t next = 0;   ///< first segment that is not finished
    std::int64_t clips_left = 0;
    int failures = 0;  ///< charged to segment `next` in this run
    GroupId last_failed_on;
    bool is_ready = false;
  };
  struct Group {
    RunGroup plan;
    std::set<RankId> joined;
    AttemptId attempt;
    AttemptId attempt_before;
    AttemptSubject subject_before;
    /// Since it last finished one. Failing twice at one segment says more about the segment.
    std::set<SegmentId> failed;
    int failed_starts = 0;  ///< of an engine that never got a segment, since the group last finished one
    int lost_in_a_row = 0;  ///< attempts, since it last finished one or got its present ranks
    bool is_blocked = false;
    bool is_held = false;              ///< gets nothing new: it is to become part of a larger one
    bool has_plain_transport = false;  ///< its engines could not connect with peer-to-peer and InfiniBand
    /// A group whose ranks went to another one has none.
    bool is_usable() const {
      return !is_blocked && !plan.ranks.empty() && joined.size() == plan.ranks.size();
    }
  };
  struct Rank {
    std::size_t group = 0;
    RankState state = RankState::Left;
    bool was_seen = false;
    std::int64_t last_seen_ms = 0;
    std::optional<std::int64_t> hung_up_ms;  ///< when its connection last ended
    RankHardware hardware;
    int disagreements = 0;  ///< heartbeats in a row that named another attempt than the one it should make
    std::int64_t disagreed_ms = 0;  ///< when the last of them was counted
  };
  struct Attempt {
    std::size_t range = 0;
    std::size_t group = 0;
    const JobShare* share = nullptr;
    std::vector<RankId> ranks;  ///< one per stage
    std::set<RankId> at_work;   ///< those that have not answered
    std::map<RankId, std::int64_t> frames_by_rank;
    std::int64_t frames = 0;       ///< the mean: every stage does its share of every frame
    std::int64_t peak_bytes = 0;   ///< the largest of the stages that are done
    bool is_told_the_end = false;  ///< by when it should have ended
    bool is_cancelled = false;
    std::optional<AttemptFailed> failure;  ///< what is known of its cause, while other ranks may know better
  };
  /// Sorts the range to start next to the front.
  struct ReadyKey {
    int priority;
    std::int64_t clips_left;
    std::size_t range;
    friend bool operator<(const ReadyKey& a, const ReadyKey& b) {
      if (a.priority != b.priority) return a.priority > b.priority;
      if (a.clips_left != b.clips_left) return a.clips_left > b.clips_left;
      return a.range < b.range;
    }
  };

  // core_assign.cpp: from ready ranges and idle groups to orders.
  void make_ready(std::size_t range);
  void make_unready(std::size_t range);
  ReadyKey key_of(std::size_t range) const;
  void assign(std::int64_t now_ms, Actions& actions);
  std::optional<std::size_t> choose_group(const Range& range) const;
  void start_attempt(std::size_t range, std::size_t group, std::int64_t now_ms, Actions& actions);
  SegmentOrder order_for(const Range& range, const Layout& layout, AttemptId attempt) const;
  /// nullptr: this group cannot make this job.
  static const JobShare* share_in(const Job& job, const Group& group);
  static std::vector<RankId> workers_of(const RunGroup& group, const Layout& layout);
  void refresh_idle(std::size_t group);

  // core_time.cpp: what there is time for, drains, and segments that are cut.
  WorkingTime working_time() const;
  bool is_worth_starting(const Range& range, std::size_t group, std::int64_t now_ms) const;
  SegmentEstimate estimate(const Range& range, std::size_t group) const;
  void learn_speed(const Attempt& attempt, const AttemptFinished& report);
  static double planned_speed(const Job& job, const Layout& layout);
  /// What there is no time for, when that alone keeps the run from going on.
  std::optional<std::string> want_of_time(std::int64_t now_ms) const;
  void drain(const std::string& by, std::int64_t now_ms, Actions& actions);
  void watch_time(std::int64_t now_ms, Actions& actions);
  void have_it_end(AttemptId id, Attempt& attempt, std::int64_t now_ms, Actions& actions);
  static bool is_cut(const AttemptFinished& report, Interval ordered);
  void cut_segment(Range& range, std::int64_t at, std::int64_t now_ms, Actions& actions);

  // core_jobs.cpp: whole jobs, their films, the end of the run, and the status.
  void fail_job(std::size_t job, ErrorKind kind, const std::string& message, std::int64_t now_ms,
                Actions& actions);
  void move_job(std::size_t job, JobState to, const std::string& message, std::int64_t now_ms,
                Actions& actions);
  void join_when_complete(std::size_t job, std::int64_t now_ms, Actions& actions);
  /// False when the film was not being joined.
  bool end_join(Job& job);
  void pause_join(std::size_t job, std::int64_t now_ms);
  void retry_joins(std::int64_t now_ms, Actions& actions);
  std::optional<std::size_t> find_range(std::size_t job, std::size_t& position) const;
  void reopen(std::size_t range, std::size_t position, const std::string& why, Actions& actions);
  void end_when_over(std::int64_t now_ms, Actions& actions);
  std::optional<EndRun> end_of_run(std::int64_t now_ms) const;
  EndRun end_of_all_jobs() const;
  bool has_hope(std::int64_t now_ms) const;
  JobStatus status_of_job(const Job& job, std::int64_t now_ms) const;
  GroupStatus status_of_group(const Group& group) const;

  // core_ranks.cpp: ranks that come and go, and what becomes of their groups.
  static std::int64_t silent_from_ms(const Rank& rank);
  void lose_silent_ranks(std::int64_t now_ms, Actions& actions);
  void lose_rank(RankId id, RankState to, const std::string& reason, std::int64_t now_ms, Actions& actions);
  void mend_groups(const std::string& host, std::int64_t now_ms, Actions& actions);
  std::vector<std::size_t> broken_groups(const std::string& host) const;
  void take_place(RankId spare, RankId lost, std::int64_t now_ms, Actions& actions);
  void mark_rank(RankId id, RankState state, const std::string& message, std::int64_t now_ms,
                 Actions& actions) const;

  // core_heartbeats.cpp: what heartbeats tell beyond that a rank is alive.
  AttemptId attempt_wanted_of(RankId id, const Rank& rank) const;
  void compare_attempts(RankId id, Rank& rank, AttemptId held, std::int64_t now_ms, Actions& actions);
  void give_again_what_was_not_heard(std::int64_t now_ms, Actions& actions);

  // core_failures.cpp: attempts that failed.
  void conclude_failure(AttemptId id, std::int64_t now_ms, Actions& actions);
  bool take_plain_transport(Attempt& attempt);
  void charge(const Attempt& attempt, const AttemptFailed& report, std::int64_t now_ms, Actions& actions);
  void charge_group(std::size_t group, SegmentId segment, const std::string& message, std::int64_t now_ms,
                    Actions& actions);
  void lose_attempt(std::size_t group, const std::string& why, std::int64_t now_ms, Actions& actions);
  void charge_start(std::size_t group, const std::string& message, std::int64_t now_ms, Actions& actions);
  void block(std::size_t group, const std::string& what, const std::string& message, std::int64_t now_ms,
             Actions& actions);

  // core_memory.cpp: too little memory.
  bool go_on_with_less_memory(const Attempt& attempt, const std::string& where, std::int64_t now_ms,
                              Actions& actions);
  bool take_next_layout(Job& job, int sharing, std::int64_t now_ms);
  void leave_for_smaller_size(std::size_t job, const std::string& where, std::int64_t now_ms,
                              Actions& actions);
  Actions refuse_old_size(const AttemptFinished& report, std::int64_t now_ms);
  std::string jobs_left_for_smaller_sizes() const;

  // core_regroup.cpp: groups of another size than was planned.
  static const JobShare* share_of_ranks(const Job& job, std::size_t ranks);
  bool is_of_use(std::size_t ranks) const;
  bool has_group_for(const Job& job) const;
  bool hold_groups_for(int ranks, std::int64_t now_ms);
  std::map<std::string, std::vector<std::vector<std::size_t>>> groups_to_merge(std::int64_t now_ms) const;
  void hold(const std::vector<std::size_t>& merge);
  void merge_held_groups(std::int64_t now_ms, Actions& actions);
  bool is_beyond_hope(RankId id, std::int64_t now_ms) const;
  void regroup_survivors(std::int64_t now_ms, Actions& actions);
  bool lacks_only_lost_ranks(const Group& group, std::int64_t now_ms) const;
  std::vector<std::size_t> groups_to_dissolve(const std::string& host, std::int64_t now_ms) const;
  void dissolve(const std::vector<std::size_t>& broken, std::int64_t now_ms, Actions& actions);
  void unite(const std::vector<std::size_t>& groups, std::int64_t now_ms, Actions& actions);

  // core.cpp: attempts.
  void add_ranges(std::size_t job);
  void skip_finished(Range& range) const;
  Attempt* find_running(Epoch epoch, AttemptId attempt, RankId rank);
  void advance(Attempt& attempt, std::int64_t frames, std::int64_t now_ms);
  void finish_attempt(AttemptId id, const Attempt& attempt);
  void end_attempt(AttemptId id, AttemptState to, ErrorKind kind, const std::string& message,
                   std::int64_t now_ms, Actions& actions, std::int64_t peak_bytes = 0);
  void cancel(Attempt& attempt, Actions& actions);
  static void tell_to_cancel(const Group& group, Actions& actions);
  void note(const std::string& kind, const std::string& job, const std::string& text, std::int64_t now_ms,
            Actions& actions);
  Actions settle(std::int64_t now_ms, Actions actions);
  std::size_t index_of(JobId id) const;
  StoredSegment& segment_at(const Range& range);

  Epoch epoch_;
  WorkDir work_dir_;
  CoreLimits limits_;
  std::vector<Job> jobs_;
  std::vector<Range> ranges_;
  std::vector<Group> groups_;
  std::map<RankId, Rank> ranks_;
  std::unordered_map<RankId, Rank*> rank_by_id_;  ///< into ranks_, for what each rank says twice a second
  std::unordered_map<JobId, std::size_t> job_index_;
  std::unordered_map<AttemptId, Attempt> running_;
  std::set<ReadyKey> ready_;
  std::set<std::size_t> idle_;                              ///< groups
  std::set<std::size_t> broken_;                            ///< groups of several that lost a rank
  std::vector<std::vector<std::size_t>> merges_;            ///< groups that are held to become one each
  std::multimap<std::int64_t, std::size_t> paused_ranges_;  ///< by the time they are ready again
  std::multimap<std::int64_t, std::size_t> paused_joins_;   ///< jobs, by the time they are tried again
  std::size_t open_jobs_ = 0;                               ///< neither done nor failed
  std::size_t joins_open_ = 0;
  std::int64_t all_heard_until_ms_ = 0;  ///< before then no rank can have been silent for too long
  std::set<RankId> deaf_ranks_;          ///< that hold another attempt than the one they were given
  std::deque<EventStatus> recent_events_;
  AttemptId next_attempt_;
  SegmentId next_segment_;
  MeasuredSpeeds speeds_;
  RateMeter rate_;
  std::int64_t started_ms_ = 0;
  std::int64_t drain_since_ms_ = -1;
  std::int64_t drain_until_ms_ = 0;  ///< then what still runs is cancelled
  std::string drained_by_;
  std::int64_t disk_full_since_ms_ = -1;
  std::int64_t disk_waited_ms_ = 0;  ///< in earlier pauses, since something was last finished
  std::string disk_full_what_;
  bool are_orders_held_ = false;  ///< for any reason
  bool has_ended_ = false;
};

}  // namespace longtake
