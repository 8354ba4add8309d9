-- What sessions teach: counts kept as events come in, failures and what solved them, checkpoints with their facts.
alter table sessions add column project text;
alter table sessions add column prompts bigint not null default 0;
alter table sessions add column tools bigint not null default 0;
alter table sessions add column commands bigint not null default 0;
alter table sessions add column failed bigint not null default 0;
alter table sessions add column changes bigint not null default 0;
alter table sessions add column open_failures bigint not null default 0;
alter table sessions add column notices bigint not null default 0;
alter table sessions add column last_prompt_at text;
alter table sessions add column summary text;
alter table sessions add column prose text;
alter table sessions add column prose_at text;
alter table sessions add column indexed_at text;
create index sessions_ended on sessions (ended_at) where prose_at is null;

-- What a command changed in the infrastructure, in short.
alter table hook_events add column change text;

alter table checkpoints add column kind text not null default 'turn';
alter table checkpoints add column facts text not null default '{}';
-- Prompts and tool calls of the session up to here: nothing new, no new checkpoint.
alter table checkpoints add column upto bigint not null default 0;
alter table checkpoints add column indexed_at text;
create index checkpoints_project_time on checkpoints (project, at desc);

alter table patterns add column tool text not null default '';
alter table patterns add column command text not null default '';
alter table patterns add column project text;
alter table patterns add column sessions bigint not null default 0;
-- How often the fix was seen to work, and how often the failure came back after it was offered.
alter table patterns add column fixed bigint not null default 0;
alter table patterns add column refuted bigint not null default 0;
alter table patterns add column fixed_at text;
alter table patterns add column fixed_in text;
alter table patterns add column indexed_at text;
create index patterns_time on patterns (last_at);

-- What retrieval does not know yet.
create index sessions_not_indexed on sessions (session) where indexed_at is null and summary is not null;
create index checkpoints_not_indexed on checkpoints (id) where indexed_at is null and kind = 'compact';
create index patterns_not_indexed on patterns (fingerprint) where indexed_at is null and fixed_at is not null;
create index checkpoints_time on checkpoints (at);

create table failures (
  id integer primary key autoincrement,
  event text not null unique,
  session text not null,
  at text not null,
  project text not null,
  fingerprint text not null,
  signature text not null,
  problem text not null,
  command text not null,
  -- Tool calls of the session before it.
  tools bigint not null,
  solved_at text
);
create index failures_open on failures (session, at desc) where solved_at is null;
create index failures_fingerprint on failures (fingerprint, session, at desc);
create index failures_time on failures (at);

-- The last notice of each kind that a session sent to the phone.
create table notices (
  session text not null,
  kind text not null,
  event text not null,
  at text not null,
  primary key (session, kind)
);
create index notices_time on notices (at);
