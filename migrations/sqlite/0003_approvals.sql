-- An approval has a life of its own: asked, answered, taken by the hook that waits, handed on to the session.
alter table approvals add column digest text not null default '';
alter table approvals add column note text;
alter table approvals add column taken_at text;
alter table approvals add column handed_at text;
-- Why nobody waits any more, when it was not handed on.
alter table approvals add column closed text;
alter table approvals add column closed_at text;
create index approvals_session_time on approvals (session, asked_at desc);
create index approvals_time on approvals (asked_at desc);
