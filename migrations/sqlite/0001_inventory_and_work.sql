-- The inventory, what happens to it, and what Fjord needs to act safely.
-- Same numbers and names in both folders; additive only. SQLite.

create table servers (
  id integer primary key autoincrement,
  name text not null unique,
  hostname text not null,
  ip_addresses text not null,
  role text not null check (role in ('production', 'staging', 'development', 'homelab')),
  ssh_config text not null,
  os text,
  resources text not null,
  tags text not null,
  status text not null check (status in ('online', 'offline', 'degraded', 'unknown')),
  last_seen text,
  notes text,
  created_at text not null,
  updated_at text not null
);

create table services (
  id integer primary key autoincrement,
  name text not null,
  server_id bigint not null references servers (id),
  type text not null check (type in ('app', 'database', 'cache', 'queue', 'proxy')),
  runtime text,
  port bigint,
  health_endpoint text,
  health_status text not null check (health_status in ('healthy', 'unhealthy', 'degraded', 'unknown')),
  last_health_check text,
  config text not null,
  env_vars text not null,
  project_path text,
  git_repo text,
  current_version text,
  deploy_command text,
  restart_command text,
  log_path text,
  status text not null check (status in ('active', 'paused', 'retired')),
  created_at text not null,
  updated_at text not null,
  unique (server_id, name)
);

create table routes (
  id integer primary key autoincrement,
  domain text not null,
  path text not null,
  service_id bigint not null references services (id),
  method text not null,
  proxy_type text,
  ssl boolean not null,
  rate_limit text,
  auth_required boolean not null,
  notes text,
  created_at text not null,
  updated_at text not null,
  unique (domain, path, method)
);
create index routes_service on routes (service_id);

create table service_deps (
  id integer primary key autoincrement,
  service_id bigint not null references services (id),
  depends_on_service_id bigint references services (id),
  depends_on_external text,
  dependency_type text not null,
  connection_string_env text,
  required boolean not null,
  notes text,
  created_at text not null,
  check ((depends_on_service_id is null) <> (depends_on_external is null)),
  unique (service_id, depends_on_service_id),
  unique (service_id, depends_on_external)
);
create index service_deps_target on service_deps (depends_on_service_id);

create table deployments (
  id integer primary key autoincrement,
  service_id bigint not null,
  service text not null,
  version text not null,
  previous_version text,
  deployed_by text not null,
  deploy_method text not null,
  status text not null check (status in ('pending', 'in_progress', 'success', 'failed', 'rolled_back', 'rollback_failed', 'cancelled', 'interrupted')),
  started_at text not null,
  completed_at text,
  duration bigint,
  log text,
  rollback_version text,
  notes text,
  verified boolean,
  owner text not null,
  fence bigint not null,
  lease_until text not null,
  runner text,
  cancel_requested_at text
);
create index deployments_service_time on deployments (service_id, started_at desc);
create index deployments_time on deployments (started_at desc);
create index deployments_unfinished on deployments (status) where status in ('pending', 'in_progress');

create table infra_events (
  id integer primary key autoincrement,
  at text not null,
  server_id bigint,
  service_id bigint,
  server text,
  service text,
  event_type text not null,
  severity text not null check (severity in ('info', 'warning', 'error', 'critical')),
  title text not null,
  description text,
  metadata text not null
);
create index infra_events_time on infra_events (at desc);
create index infra_events_service_time on infra_events (service_id, at desc);
create index infra_events_server_time on infra_events (server_id, at desc);

create table secrets_registry (
  id integer primary key autoincrement,
  name text not null unique,
  service_id bigint references services (id),
  server_id bigint references servers (id),
  secret_manager text,
  path text,
  last_rotated text,
  rotation_policy text,
  notes text,
  created_at text not null,
  updated_at text not null
);

create table health_checks (
  id integer primary key autoincrement,
  service_id bigint not null,
  checked_at text not null,
  status text not null,
  http_status bigint,
  latency_ms bigint,
  error text
);
create index health_checks_service_time on health_checks (service_id, checked_at desc);

create table sessions (
  session text primary key,
  cwd text not null,
  started_at text not null,
  seen_at text not null,
  ended_at text,
  events bigint not null
);
create index sessions_seen on sessions (seen_at desc);

create table checkpoints (
  id integer primary key autoincrement,
  session text not null,
  at text not null,
  project text,
  summary text not null
);
create index checkpoints_session_time on checkpoints (session, at desc);

create table patterns (
  id integer primary key autoincrement,
  fingerprint text not null unique,
  problem text not null,
  fix text,
  seen bigint not null,
  first_at text not null,
  last_at text not null
);

create table tags (
  id integer primary key autoincrement,
  kind text not null,
  target text not null,
  tag text not null,
  unique (kind, target, tag)
);

create table hook_events (
  event text primary key,
  session text not null,
  at text not null,
  name text not null,
  tool text,
  cwd text not null,
  verdict text,
  rule text,
  detail text not null
);
create index hook_events_time on hook_events (at desc);
create index hook_events_session_time on hook_events (session, at desc);

create table confirmations (
  ticket text primary key,
  actor text not null,
  command text not null,
  plan text not null,
  created_at text not null,
  expires_at text not null,
  used_at text,
  answer text
);
create index confirmations_expiry on confirmations (expires_at);

create table approvals (
  id integer primary key autoincrement,
  event text not null unique,
  session text not null,
  tool text not null,
  detail text not null,
  asked_at text not null,
  expires_at text not null,
  answer text,
  answered_by text,
  answered_at text
);
create index approvals_open on approvals (expires_at) where answer is null;

create table chats (
  chat bigint primary key,
  kind text not null,
  seen_at text not null,
  moved_to bigint
);

create table audit (
  id integer primary key autoincrement,
  at text not null,
  actor text not null,
  face text not null,
  action text not null,
  target text,
  result text not null,
  detail text
);
create index audit_time on audit (at desc);
create index audit_actor_time on audit (actor, at desc);

create table schedules (
  id integer primary key autoincrement,
  cron text not null,
  timezone text not null,
  line text not null,
  maker text not null,
  next_at text not null,
  last_at text,
  active boolean not null,
  created_at text not null
);
create index schedules_due on schedules (next_at) where active;

create table executions (
  id integer primary key autoincrement,
  schedule_id bigint not null references schedules (id),
  due_at text not null,
  started_at text not null,
  finished_at text,
  status text not null,
  result text,
  owner text not null,
  lease_until text not null,
  unique (schedule_id, due_at)
);

create table updates (
  id bigint primary key,
  state text not null check (state in ('received', 'done')),
  actor text,
  summary text,
  received_at text not null,
  done_at text
);
create index updates_open on updates (received_at) where state = 'received';

create table outbox (
  id integer primary key autoincrement,
  dedupe text not null unique,
  chat bigint not null,
  body text not null,
  created_at text not null,
  not_before text not null,
  attempts bigint not null,
  owner text,
  lease_until text,
  sent_at text,
  last_error text
);
create index outbox_due on outbox (not_before) where sent_at is null;

create table limits (
  key text primary key,
  tokens real not null,
  updated_at text not null,
  expires_at text not null
);
create index limits_expiry on limits (expires_at);

create table locks (
  name text primary key,
  owner text,
  fence bigint not null,
  reason text,
  acquired_at text,
  expires_at text
);
