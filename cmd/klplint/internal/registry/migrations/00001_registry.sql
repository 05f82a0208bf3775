-- +goose Up
-- Every writer updates the one row first: it orders them, and its numbers name
-- the states of the registry.
CREATE TABLE registry (
    one      SMALLINT PRIMARY KEY CHECK (one = 1),
    revision BIGINT NOT NULL,
    next_id  BIGINT NOT NULL
);
INSERT INTO registry (one, revision, next_id) VALUES (1, 0, 1);

CREATE TABLE kernel (
    id      BIGINT PRIMARY KEY,
    release TEXT NOT NULL,
    arch    TEXT NOT NULL,
    UNIQUE (release, arch)
);

CREATE TABLE module (
    id            BIGINT PRIMARY KEY,
    kernel        BIGINT NOT NULL REFERENCES kernel (id),
    sha256        TEXT NOT NULL,
    channel       TEXT NOT NULL,
    owner         TEXT NOT NULL,
    name          TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('candidate', 'active', 'retired')),
    replace_field TEXT NOT NULL,   -- see replaceField()
    stem          TEXT NOT NULL,   -- of the name; with the owner it is a lineage
    own_set       BIGINT NOT NULL, -- the first set, -1 for none; with the owner it is a lineage too
    age           TEXT NOT NULL,   -- orders the generations of a lineage, see ageKey()
    added_by      TEXT NOT NULL,
    added_at      TEXT NOT NULL,
    changed_by    TEXT NOT NULL,
    changed_at    TEXT NOT NULL,
    replaced_by   TEXT NOT NULL,   -- sha256 of the module that evicted it, '' for none
    revision      BIGINT NOT NULL, -- of the last change of this row
    labels        TEXT NOT NULL,   -- JSON object
    document      TEXT NOT NULL,   -- JSON, see document.go
    UNIQUE (sha256, channel)
);
CREATE INDEX module_stem ON module (kernel, state, owner, stem, age);
CREATE INDEX module_set ON module (kernel, state, owner, own_set, age);
CREATE INDEX module_field ON module (kernel, state, replace_field, id);
CREATE INDEX module_name ON module (name);

-- One row for each thing that two modules can share.
CREATE TABLE item (
    kernel   BIGINT NOT NULL,
    active   SMALLINT NOT NULL, -- 1 when the module's state is active
    kind     TEXT NOT NULL,     -- func, state, shadow, set, name
    value    TEXT NOT NULL,     -- the func's name, the number, the module's name
    object   TEXT NOT NULL,     -- of a func, else ''
    position BIGINT NOT NULL,   -- of a func, else 0
    module   BIGINT NOT NULL REFERENCES module (id),
    PRIMARY KEY (kernel, active, kind, value, object, position, module)
);
CREATE INDEX item_module ON item (module);

CREATE TABLE label (
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    module BIGINT NOT NULL REFERENCES module (id),
    PRIMARY KEY (name, value, module)
);
CREATE INDEX label_module ON label (module);
