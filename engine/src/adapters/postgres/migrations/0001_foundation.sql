-- Times are milliseconds since 1970 in UTC. Texts compare by their bytes, as on every other store. Every row bears
-- its account.

CREATE TABLE account (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug        TEXT COLLATE "C" NOT NULL UNIQUE,
    name        TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    last_number BIGINT NOT NULL DEFAULT 0, -- the latest chat's number
    time_zone   TEXT COLLATE "C" NOT NULL DEFAULT 'UTC', -- by which hours are counted that name none
    presence    TEXT -- JSON; NULL is the usual
);

CREATE TABLE brand (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- unique over all accounts: a page names nothing else
    account    BIGINT NOT NULL REFERENCES account (id),
    name       TEXT COLLATE "C" NOT NULL,
    color      TEXT COLLATE "C" NOT NULL,
    language   TEXT COLLATE "C" NOT NULL,
    origins    TEXT COLLATE "C" NOT NULL, -- JSON
    welcome    TEXT COLLATE "C" NOT NULL, -- JSON
    priorities TEXT COLLATE "C" NOT NULL, -- JSON: how urgent its chats are
    identity_keys TEXT COLLATE "C" NOT NULL, -- JSON: by which its server vouches for visitors
    UNIQUE (account, name)
);

CREATE TABLE department (
    account BIGINT NOT NULL REFERENCES account (id),
    id      TEXT COLLATE "C" NOT NULL,
    name    TEXT COLLATE "C" NOT NULL,
    place   BIGINT NOT NULL,
    needs   TEXT COLLATE "C" NOT NULL, -- JSON: what its chats need
    PRIMARY KEY (account, id),
    UNIQUE (account, name)
);

CREATE TABLE grp (
    account                BIGINT NOT NULL,
    id                     TEXT COLLATE "C" NOT NULL,
    department             TEXT COLLATE "C" NOT NULL,
    name                   TEXT COLLATE "C" NOT NULL,
    offer_mode             TEXT COLLATE "C" NOT NULL,
    offer_expires_after_ms BIGINT NOT NULL,
    connection_timeout_ms  BIGINT NOT NULL,
    rules                  TEXT COLLATE "C" NOT NULL, -- JSON
    PRIMARY KEY (account, id),
    UNIQUE (account, name),
    FOREIGN KEY (account, department) REFERENCES department (account, id)
);

CREATE TABLE profile (
    account BIGINT NOT NULL REFERENCES account (id),
    id      TEXT COLLATE "C" NOT NULL,
    name    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account, id),
    UNIQUE (account, name)
);

CREATE TABLE profile_group (
    account BIGINT NOT NULL,
    profile TEXT COLLATE "C" NOT NULL,
    grp     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account, profile, grp),
    FOREIGN KEY (account, profile) REFERENCES profile (account, id) ON DELETE CASCADE,
    FOREIGN KEY (account, grp) REFERENCES grp (account, id) ON DELETE CASCADE
);

CREATE TABLE operator (
    id            UUID NOT NULL PRIMARY KEY,
    account       BIGINT NOT NULL REFERENCES account (id),
    email         TEXT COLLATE "C" NOT NULL,
    email_key     TEXT COLLATE "C" NOT NULL,  -- the address without case
    name          TEXT COLLATE "C" NOT NULL,
    role          TEXT COLLATE "C" NOT NULL,
    max_chats     BIGINT, -- NULL is unlimited
    disabled      BOOLEAN NOT NULL,
    skills        TEXT COLLATE "C" NOT NULL, -- JSON: levels by name
    profile       TEXT COLLATE "C", -- the groups they receive from; NULL is all
    password_hash TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT NOT NULL,
    status        TEXT COLLATE "C" NOT NULL DEFAULT 'offline',
    status_since  BIGINT NOT NULL,
    expired_in_a_row BIGINT NOT NULL DEFAULT 0, -- offers in a row that expired, since one was answered or a status was set
    last_seen_at  BIGINT NOT NULL,
    session_epoch BIGINT NOT NULL DEFAULT 0,
    held          BIGINT NOT NULL DEFAULT 0 CHECK (held >= 0),
    reserved      BIGINT NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    last_ended_at BIGINT,
    load_version  BIGINT NOT NULL DEFAULT 0,
    UNIQUE (account, id),
    UNIQUE (account, email_key),
    FOREIGN KEY (account, profile) REFERENCES profile (account, id)
);
CREATE INDEX operator_by_email ON operator (email_key);

CREATE TABLE membership (
    account   BIGINT NOT NULL,
    grp       TEXT COLLATE "C" NOT NULL,
    operator  UUID NOT NULL,
    handling  TEXT COLLATE "C" NOT NULL,
    max_chats BIGINT, -- NULL is unlimited
    active    BOOLEAN NOT NULL,
    held      BIGINT NOT NULL DEFAULT 0 CHECK (held >= 0),
    reserved  BIGINT NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    PRIMARY KEY (account, grp, operator),
    FOREIGN KEY (account, grp) REFERENCES grp (account, id) ON DELETE CASCADE,
    FOREIGN KEY (account, operator) REFERENCES operator (account, id) ON DELETE CASCADE
);
CREATE INDEX membership_by_operator ON membership (account, operator);

CREATE TABLE closing ( -- what is about to be gone, until it is
    account BIGINT NOT NULL REFERENCES account (id),
    thing   TEXT NOT NULL,
    body    TEXT NOT NULL, -- JSON
    PRIMARY KEY (account, thing)
);

CREATE TABLE contact ( -- of whom something is set
    account  BIGINT NOT NULL REFERENCES account (id),
    id       TEXT COLLATE "C" NOT NULL, -- as in chat.contact
    priority BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);

CREATE TABLE session (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    account    BIGINT NOT NULL,
    operator   UUID NOT NULL,
    csrf_hash  BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT COLLATE "C" NOT NULL,
    address    TEXT COLLATE "C" NOT NULL,
    FOREIGN KEY (account, operator) REFERENCES operator (account, id) ON DELETE CASCADE
);
CREATE INDEX session_by_operator ON session (account, operator);
CREATE INDEX session_by_end ON session (expires_at);

-- Failures and secrets belong to the installation, not to an account.
CREATE TABLE failure (
    key         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    count       BIGINT NOT NULL,
    pause_until BIGINT,
    latest_at   BIGINT NOT NULL
);

CREATE TABLE secret (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE shard (
    id    BIGINT NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    owner TEXT COLLATE "C"
);
INSERT INTO shard (id, epoch) SELECT id, 0 FROM generate_series(0, 255) AS number (id);

-- What changes with every message, apart from the rest of the chat: small rows, so that a commit writes few pages.
CREATE TABLE chat_head (
    chat        UUID NOT NULL PRIMARY KEY,
    account     BIGINT NOT NULL,
    owner_epoch BIGINT NOT NULL,
    last_seq    BIGINT NOT NULL,
    visitor_seq BIGINT NOT NULL,
    messages    BIGINT NOT NULL,
    idle_since  BIGINT,
    answered_at BIGINT,
    replies     BIGINT NOT NULL,
    idle_ms     BIGINT NOT NULL,
    idle_spread BYTEA NOT NULL -- how many idle times of each length, two bytes each, as far as there are any
) WITH (fillfactor = 70);

CREATE TABLE chat (
    id           UUID NOT NULL PRIMARY KEY,
    account      BIGINT NOT NULL,
    shard        BIGINT NOT NULL,
    number       BIGINT NOT NULL,
    visitor      UUID NOT NULL,
    brand        TEXT COLLATE "C" NOT NULL,
    department   TEXT COLLATE "C",
    name         TEXT COLLATE "C",
    email        TEXT COLLATE "C",
    contact      TEXT COLLATE "C", -- who the visitor is known as
    started_at   BIGINT NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    grp          TEXT COLLATE "C" NOT NULL,
    owner        UUID,
    queued_at    BIGINT NOT NULL,
    waited_since BIGINT NOT NULL,
    assigned_at  BIGINT,
    answered_in  TEXT COLLATE "C", -- the group that it was assigned in at first
    ended_at     BIGINT,
    ended_by     TEXT COLLATE "C",
    ended_why    TEXT COLLATE "C",
    visitor_away BOOLEAN NOT NULL,
    question     TEXT COLLATE "C"
);
-- What runs has indexes of its own, so that ended chats, however many, cost nothing at start.
CREATE UNIQUE INDEX chat_open_of_visitor ON chat (account, brand, visitor) WHERE state <> 'ended';
CREATE INDEX chat_open ON chat (shard, started_at) WHERE state <> 'ended';
CREATE INDEX chat_waiting ON chat (account, grp, queued_at, id) WHERE state = 'waiting';
CREATE INDEX chat_active ON chat (account, owner, started_at, id) WHERE state = 'active';
CREATE INDEX chat_latest ON chat (account, started_at, id);
CREATE INDEX chat_of_visitor ON chat (account, brand, visitor, started_at);
CREATE INDEX chat_of_owner ON chat (account, owner, started_at, id);
CREATE INDEX chat_of_group ON chat (account, grp, started_at, id);
-- Who waits no more, in the group that they waited in at first, or in the one that they left in vain, by when that was.
CREATE INDEX chat_waited ON chat (account, coalesce(answered_in, grp), coalesce(assigned_at, ended_at), id)
    WHERE coalesce(assigned_at, ended_at) IS NOT NULL;
CREATE INDEX chat_of_contact ON chat (account, contact, ended_at)
    WHERE contact IS NOT NULL AND owner IS NOT NULL AND state = 'ended';

-- Events, where they are read: the key costs less here than moving them would.
CREATE TABLE chat_event (
    chat        UUID NOT NULL,
    seq         BIGINT NOT NULL,
    account     BIGINT NOT NULL,
    visitor_seq BIGINT NOT NULL,
    visible     BOOLEAN NOT NULL,
    at          BIGINT NOT NULL,
    body        TEXT COLLATE "C" NOT NULL,
    command     TEXT COLLATE "C",
    sender      UUID,
    digest      BIGINT,
    PRIMARY KEY (chat, seq)
);

CREATE TABLE offer (
    chat       UUID NOT NULL,
    seq        BIGINT NOT NULL,
    account    BIGINT NOT NULL,
    operator   UUID NOT NULL,
    grp        TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    holds      BOOLEAN NOT NULL, -- a slot is reserved for it; not where it rings at all
    asked      TEXT, -- JSON: which colleague asks, and why
    PRIMARY KEY (chat, seq, operator)
);
CREATE INDEX offer_by_operator ON offer (account, operator, expires_at);

-- Why a chat went to whom it went: the latest decisions of routing, by the number of the event that came of each.
CREATE TABLE decision (
    chat    UUID NOT NULL,
    seq     BIGINT NOT NULL,
    account BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    grp     TEXT COLLATE "C" NOT NULL,
    record  TEXT NOT NULL, -- JSON
    PRIMARY KEY (chat, seq)
);

-- How much of the slots of a group's members or of an operator was in use, by hour, while they received.
CREATE TABLE work (
    account BIGINT NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    hour    BIGINT NOT NULL, -- its beginning
    whose   TEXT COLLATE "C" NOT NULL,
    slot_ms BIGINT NOT NULL,
    used_ms BIGINT NOT NULL,
    PRIMARY KEY (account, kind, hour, whose)
);

-- Colleagues who were invited to a chat and are there, or were when it ended; while it runs each holds a slot.
CREATE TABLE guest (
    chat     UUID NOT NULL,
    operator UUID NOT NULL,
    account  BIGINT NOT NULL,
    grp      TEXT NOT NULL, -- for which the slot counts
    PRIMARY KEY (chat, operator)
);
CREATE INDEX guest_by_operator ON guest (account, operator);

CREATE TABLE mark (
    chat      UUID NOT NULL,
    who       UUID NOT NULL, -- an operator; the nil UUID is the visitor
    account   BIGINT NOT NULL,
    delivered BIGINT NOT NULL,
    seen      BIGINT NOT NULL,
    PRIMARY KEY (chat, who)
);

-- Commands that made a chat, and answers of commands outside a chat: what makes a repeated command harmless.
CREATE TABLE birth (
    account       BIGINT NOT NULL,
    visitor       UUID NOT NULL,
    command       TEXT COLLATE "C" NOT NULL,
    digest        BIGINT NOT NULL,
    chat          UUID NOT NULL,
    visitor_seq   BIGINT NOT NULL,
    kept_until    BIGINT NOT NULL,
    PRIMARY KEY (account, visitor, command)
);
CREATE INDEX birth_by_end ON birth (kept_until);

CREATE TABLE remembered (
    account    BIGINT NOT NULL,
    sender     TEXT COLLATE "C" NOT NULL,
    command    TEXT COLLATE "C" NOT NULL,
    digest     BIGINT NOT NULL,
    answer     TEXT COLLATE "C" NOT NULL,
    kept_until BIGINT NOT NULL,
    PRIMARY KEY (account, sender, command)
);
CREATE INDEX remembered_by_end ON remembered (kept_until);

-- What visitors left when nobody answered, each once for its command.
CREATE TABLE left_message (
    account    BIGINT NOT NULL,
    id         UUID NOT NULL PRIMARY KEY,
    brand      TEXT COLLATE "C" NOT NULL,
    visitor    UUID NOT NULL,
    name       TEXT COLLATE "C",
    email      TEXT COLLATE "C" NOT NULL,
    text       TEXT COLLATE "C" NOT NULL,
    department TEXT COLLATE "C",
    chat       UUID,
    page       TEXT COLLATE "C",
    language   TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    state      TEXT COLLATE "C" NOT NULL,
    command    TEXT COLLATE "C" NOT NULL,
    digest     BIGINT NOT NULL,
    UNIQUE (account, visitor, command)
);
CREATE INDEX left_message_latest ON left_message (account, created_at, id);
CREATE INDEX left_message_new ON left_message (account, department) WHERE state = 'new';
CREATE INDEX left_message_of_visitor ON left_message (account, visitor, created_at);
