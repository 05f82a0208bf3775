CREATE TABLE registry (
    one      SMALLINT PRIMARY KEY CHECK (one = 1),
    uuid     TEXT NOT NULL,   -- which registry this is
    revision BIGINT NOT NULL, -- every writer raises it first: it orders them
    next_id  BIGINT NOT NULL,
    log_head TEXT NOT NULL,   -- digest of the last entry of the log
    digest   TEXT NOT NULL    -- of the columns above
);

CREATE TABLE kernel (
    id      BIGINT PRIMARY KEY,
    release TEXT NOT NULL,
    arch    TEXT NOT NULL,
    flags   TEXT NOT NULL, -- of the vermagic
    UNIQUE (release, arch, flags)
);

CREATE TABLE module (
    id              BIGINT PRIMARY KEY,
    kernel          BIGINT NOT NULL REFERENCES kernel (id),
    sha256          TEXT NOT NULL,
    unsigned_sha256 TEXT NOT NULL,   -- of the unpacked file without its signature
    channel         TEXT NOT NULL,
    owner           TEXT NOT NULL,
    name            TEXT NOT NULL,
    stem            TEXT NOT NULL,   -- of the name; with the owner it is a lineage
    added_by        TEXT NOT NULL,
    added_at        TEXT NOT NULL,
    labels          TEXT NOT NULL,   -- JSON object
    compact         BYTEA NOT NULL,  -- what is compared, see compact.go
    document_sha256 TEXT NOT NULL,
    UNIQUE (sha256, channel)
);
CREATE INDEX module_unsigned ON module (unsigned_sha256);
CREATE INDEX module_name ON module (name);

-- What changes of a module, in a narrow row beside the wide one that does not: a
-- cumulative livepatch retires tens of thousands at once. The first columns are
-- those of the module, for the index.
CREATE TABLE standing (
    module      BIGINT PRIMARY KEY REFERENCES module (id),
    kernel      BIGINT NOT NULL,
    owner       TEXT NOT NULL,
    stem        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('candidate', 'active', 'retired')),
    changed_by  TEXT NOT NULL,
    changed_at  TEXT NOT NULL,
    replaced_by TEXT NOT NULL,   -- sha256 of the module that evicted it, '' for none
    revision    BIGINT NOT NULL, -- of the last change of this row
    admitted    BIGINT NOT NULL, -- revision in which a verdict admitted it, 0 for none
    digest      TEXT NOT NULL    -- of the columns of both rows, see digest.go
);
CREATE INDEX standing_kernel ON standing (kernel, state, owner, stem);

-- A table of its own, so that whoever compares does not read over it.
CREATE TABLE document (
    module BIGINT PRIMARY KEY REFERENCES module (id),
    text   TEXT NOT NULL -- JSON, see document.go
);

-- What modules are looked for by.
CREATE TABLE func (
    name   TEXT NOT NULL,
    object TEXT NOT NULL,
    module BIGINT NOT NULL REFERENCES module (id),
    PRIMARY KEY (name, object, module)
);
CREATE INDEX func_module ON func (module);

CREATE TABLE object (
    name   TEXT NOT NULL,
    kernel BIGINT NOT NULL,
    module BIGINT NOT NULL REFERENCES module (id),
    PRIMARY KEY (name, kernel, module)
);
CREATE INDEX object_module ON object (module);

CREATE TABLE label (
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    module BIGINT NOT NULL REFERENCES module (id),
    PRIMARY KEY (name, value, module)
);
CREATE INDEX label_module ON label (module);

-- The verdicts that admitted, and which of them is about which file under which
-- policy.
CREATE TABLE verdict (
    id        BIGINT PRIMARY KEY,
    revision  BIGINT NOT NULL,
    statement TEXT NOT NULL,
    digest    TEXT NOT NULL
);

CREATE TABLE judgement (
    module  BIGINT NOT NULL REFERENCES module (id),
    sha256  TEXT NOT NULL, -- of the file: signed and not it is one module
    policy  TEXT NOT NULL, -- digest
    verdict BIGINT NOT NULL REFERENCES verdict (id),
    digest  TEXT NOT NULL,
    PRIMARY KEY (module, sha256, policy)
);

-- Entries are added and never changed. Each digest covers the one before it.
CREATE TABLE log (
    id       BIGINT PRIMARY KEY,
    revision BIGINT NOT NULL,
    at       TEXT NOT NULL,
    who      TEXT NOT NULL,
    action   TEXT NOT NULL,
    name     TEXT NOT NULL,
    sha256   TEXT NOT NULL,
    release  TEXT NOT NULL,
    arch     TEXT NOT NULL,
    channel  TEXT NOT NULL,
    reason   TEXT NOT NULL,
    digest   TEXT NOT NULL
);
CREATE INDEX log_sha256 ON log (sha256);
CREATE INDEX log_name ON log (name)
