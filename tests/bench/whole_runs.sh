#!/usr/bin/env bash
# Measures whole commands: resume with 10,000 finished segments, status, one rank against two, ten hours of sound.
# Usage: tests/bench/whole_runs.sh [resume] [status] [ranks] [hours], default all. Needs a quiet machine and a
# release build; prints one line per figure.
set -euo pipefail
cd "$(dirname "$0")/../.."
longtake=$PWD/build/release/bin/longtake
folder=$(mktemp -d "${TMPDIR:-/tmp}/longtake-bench-XXXXXX")
trap 'rm -rf "$folder"' EXIT
ffmpeg -v error -f lavfi -i testsrc2=s=640x360 -frames:v 1 "$folder/face.png"

# job NAME SECONDS SIZE [more keys]: a job file with tone and pauses for sound
job() {
  ffmpeg -v error -f lavfi -i "aevalsrc='0.3*sin(2*PI*220*t)*lt(mod(t\,2)\,1.6)':s=16000" -t "$2" "$folder/$1.wav"
  printf 'name: %s\nprompt: He speaks slowly.\nimage: face.png\naudio: %s.wav\nengine: slate\nsize: %s\n%s\n' \
    "$1" "$1" "$3" "${4:-}" >"$folder/$1.yaml"
}

now() { date +%s.%N; }
elapsed() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.2f", b - a }'; }

resume() {
  job many 4800 128*128 $'infer_frames: 12\nsegment_clips: 1\ncontinuity: chained'
  "$longtake" run "$folder/many.yaml" --work-dir "$folder/many" --ranks 2 2>/dev/null >&2
  local db="$folder/many/longtake.db"
  # As if the run had been stopped just before its last segment.
  local last; last=$(sqlite3 "$db" "SELECT max(begin_clip) FROM segments")
  sqlite3 "$db" "UPDATE segments SET state='pending' WHERE begin_clip=$last; UPDATE jobs SET state='running'"
  rm -f "$folder"/many/jobs/many/segments/c"$(printf %06d "$last")"-*.mp4 "$folder/many/jobs/many/output.mp4"
  local before; before=$(now)
  "$longtake" run "$folder/many.yaml" --work-dir "$folder/many" --ranks 2 2>/dev/null >&2
  sqlite3 "$db" "SELECT 'resume: ' || (SELECT count(*) FROM segments WHERE state='finished') ||
    ' finished segments; run began to first assignment: ' ||
    round((julianday(a.started_at) - julianday(r.started_at)) * 86400, 3) || ' s'
    FROM run r JOIN attempts a ON a.epoch = r.epoch WHERE r.epoch = 2 ORDER BY a.id LIMIT 1"
  echo "resume: whole command, last segment and join of the film included: $(elapsed "$before") s"
}

status() {
  job long 3600 128*128 'segment_clips: 8'
  "$longtake" run "$folder/long.yaml" --work-dir "$folder/long" --ranks 2 2>/dev/null >&2 &
  local run=$!
  while [ ! -s "$folder/long/scheduler.json" ]; do sleep 0.1; done
  sleep 2
  for _ in 1 2 3 4 5 6 7 8 9; do
    local before; before=$(now)
    "$longtake" status --work-dir "$folder/long" --json >/dev/null
    elapsed "$before" | awk '{ print $1 * 1000 }'
  done | sort -n | awk 'NR == 5 { print "status: median " $1 " ms, both cores busy" }'
  wait "$run"
}

ranks() {
  job even 600 384*256 $'continuity: parallel\nsegment_clips: 16'
  local times=()
  for n in 1 2; do
    # Both with two ranges, so that they make the same segments.
    local before; before=$(now)
    "$longtake" run "$folder/even.yaml" --work-dir "$folder/even-$n" --ranks "$n" --json 2>/dev/null >"$folder/even-$n.json"
    times+=("$(elapsed "$before")")
  done
  awk -v one="${times[0]}" -v two="${times[1]}" 'BEGIN { printf "ranks: one %.2f s, two %.2f s, ratio %.2f\n", one, two, one / two }'
}

# The largest resident memory of every process of a run, sampled five times a second.
hours() {
  job night 36000 128*128
  "$longtake" run "$folder/night.yaml" --work-dir "$folder/night" --ranks 2 2>/dev/null >"$folder/night.out" &
  local run=$!
  while kill -0 "$run" 2>/dev/null; do
    for pid in $(pgrep -f 'bin/longtake|bin/mpirun|mpirun -n' || true); do
      awk -v OFS=' ' '/^Name/ { name = $2 } /^VmHWM/ && name ~ /^(longtake|mpirun)/ { print name, $2 }' "/proc/$pid/status" 2>/dev/null || true
    done >>"$folder/memory"
    sleep 0.2
  done
  sort -k1,1 -k2,2n "$folder/memory" | awk '{ peak[$1] = $2 } END { for (name in peak) printf "hours: %s peak %d MiB\n", name, peak[name] / 1024 }'
  tail -1 "$folder/night.out"
}

for part in "${@:-resume status ranks hours}"; do for one in $part; do "$one"; done; done
