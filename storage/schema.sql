-- One database per work directory. Times are UTC text, so that a person with the sqlite3 shell can read them.
-- A change of meaning raises kSchemaVersion in storage/database.cpp and adds a migration there.

CREATE TABLE run (              -- one row for every start of a scheduler
  epoch          INTEGER PRIMARY KEY,
  schema_version INTEGER NOT NULL,
  host           TEXT NOT NULL,
  pid            INTEGER NOT NULL,
  profile        TEXT NOT NULL,
  started_at     TEXT NOT NULL,
  ended_at       TEXT,          -- NULL: running, or killed
  exit_code      INTEGER,
  message        TEXT,
  progress       INTEGER NOT NULL DEFAULT 0  -- segments finished or found complete, films made for the first time, and unfinished work that grew
);

CREATE TABLE jobs (
  id            INTEGER PRIMARY KEY,
  name          TEXT NOT NULL UNIQUE,
  identity      TEXT NOT NULL,  -- SHA-256 of identity_of, hex
  identity_of   TEXT NOT NULL,  -- JSON: what the identity is made of
  engine        TEXT NOT NULL,
  state         TEXT NOT NULL,  -- pending, running, joining, done, failed
  message       TEXT,           -- why it failed
  height        INTEGER NOT NULL,  -- as it is made; the size asked for is in identity_of
  width         INTEGER NOT NULL,
  film_frames   INTEGER NOT NULL,
  clips         INTEGER NOT NULL,
  infer_frames  INTEGER NOT NULL,
  segment_clips INTEGER NOT NULL,
  output        TEXT NOT NULL,
  created_at    TEXT NOT NULL,
  finished_at   TEXT            -- when it was last done or failed; of one that failed until it is tried again
);

CREATE TABLE ranges (
  id         INTEGER PRIMARY KEY,
  job_id     INTEGER NOT NULL REFERENCES jobs(id),
  begin_clip INTEGER NOT NULL,
  end_clip   INTEGER NOT NULL
);

CREATE TABLE segments (
  id              INTEGER PRIMARY KEY,
  job_id          INTEGER NOT NULL REFERENCES jobs(id),
  range_id        INTEGER NOT NULL REFERENCES ranges(id),
  begin_clip      INTEGER NOT NULL,
  end_clip        INTEGER NOT NULL,
  state           TEXT NOT NULL,   -- pending, running, finished
  bytes           INTEGER,
  frames          INTEGER,
  packets_crc     INTEGER,
  first_frame_crc INTEGER,
  last_frame_crc  INTEGER,
  finished_at     TEXT
);
CREATE INDEX segments_of_job ON segments(job_id, begin_clip);

CREATE TABLE attempts (
  id         INTEGER PRIMARY KEY,
  segment_id INTEGER NOT NULL REFERENCES segments(id),
  epoch      INTEGER NOT NULL,
  group_id   INTEGER NOT NULL,
  ranks      TEXT,              -- of the group, in the order of their stages: "4 5"
  host       TEXT,              -- where the group is
  state      TEXT NOT NULL,     -- running, finished, failed, cancelled, lost
  error_kind TEXT,
  message    TEXT,
  started_at TEXT NOT NULL,
  ended_at   TEXT,
  seconds    REAL,              -- as the engine's rank measured it
  peak_bytes INTEGER            -- largest resident memory of the engine so far
);
CREATE INDEX attempts_of_segment ON attempts(segment_id);

CREATE TABLE shortages (        -- layouts for which there was too little memory
  id              INTEGER PRIMARY KEY,
  job_id          INTEGER NOT NULL REFERENCES jobs(id),
  epoch           INTEGER NOT NULL REFERENCES run(epoch),
  layout          TEXT NOT NULL,
  height          INTEGER NOT NULL,
  width           INTEGER NOT NULL,
  predicted_bytes INTEGER NOT NULL,  -- of its largest engine; 0: not known. What was measured is in attempts
  at              TEXT NOT NULL
);

CREATE TABLE ranks (
  epoch     INTEGER NOT NULL,
  rank      INTEGER NOT NULL,
  host      TEXT NOT NULL,
  pid       INTEGER NOT NULL,
  device    TEXT NOT NULL,
  state     TEXT NOT NULL,      -- joined, lost, left, blocked
  message   TEXT,
  joined_at TEXT NOT NULL,
  PRIMARY KEY (epoch, rank)
);

CREATE TABLE events (           -- what a person would want to read in the morning
  id    INTEGER PRIMARY KEY,
  at    TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  kind  TEXT NOT NULL,
  job   TEXT,
  text  TEXT NOT NULL
);
