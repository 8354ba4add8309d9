-- What retrieval reads: documents, the passages cut from them, and the full-text index over these.
create table documents (
    id         blob primary key,
    collection text not null,
    source     text not null,
    title      text not null,
    digest     text not null,
    kind       text not null,
    metadata   text not null default '{}',
    created_at text not null,
    updated_at text not null,
    unique (collection, source)
);

-- `number` is the row id that the full-text index points to.
create table passages (
    number        integer primary key,
    id            blob not null unique,
    document_id   blob not null references documents (id) on delete cascade,
    ordinal       bigint not null,
    heading       text not null,
    text          text not null,
    created_at    text not null,
    -- Null until the vector is in Chroma.
    embedded_at   text,
    -- The model that made the vector: vectors of two models cannot be compared.
    embedded_with text,
    unique (document_id, ordinal)
);
create index passages_not_embedded on passages (number) where embedded_at is null;

-- Passages that are gone here and must still be deleted from Chroma.
create table passages_removed (
    id         blob primary key,
    collection text not null,
    removed_at text not null
);

create virtual table passages_fts using fts5 (
    heading, text, content = 'passages', content_rowid = 'number', tokenize = 'porter unicode61'
);
create trigger passages_fts_insert after insert on passages begin
    insert into passages_fts (rowid, heading, text) values (new.number, new.heading, new.text);
end;
create trigger passages_fts_delete after delete on passages begin
    insert into passages_fts (passages_fts, rowid, heading, text) values ('delete', old.number, old.heading, old.text);
end;
create trigger passages_fts_update after update of heading, text on passages begin
    insert into passages_fts (passages_fts, rowid, heading, text) values ('delete', old.number, old.heading, old.text);
    insert into passages_fts (rowid, heading, text) values (new.number, new.heading, new.text);
end;
