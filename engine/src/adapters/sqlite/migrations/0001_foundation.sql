-- Times are milliseconds since 1970 in UTC, ids of the engine 16 bytes, chosen ids text. Every row bears its account.

-- What each version of the schema was made of.
CREATE TABLE migration (
    version INTEGER PRIMARY KEY,
    digest  INTEGER NOT NULL -- of its text
) STRICT;

CREATE TABLE account (
    id          INTEGER PRIMARY KEY,
    slug        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    last_number INTEGER NOT NULL DEFAULT 0, -- the latest chat's number
    time_zone   TEXT NOT NULL DEFAULT 'UTC', -- by which hours are counted that name none
    presence    TEXT -- JSON; NULL is the usual
) STRICT;

CREATE TABLE brand (
    id         TEXT NOT NULL PRIMARY KEY, -- unique over all accounts: a page names nothing else
    account    INTEGER NOT NULL REFERENCES account (id),
    name       TEXT NOT NULL,
    color      TEXT NOT NULL,
    language   TEXT NOT NULL,
    origins    TEXT NOT NULL, -- JSON
    welcome    TEXT NOT NULL, -- JSON
    priorities TEXT NOT NULL, -- JSON: how urgent its chats are
    identity_keys TEXT NOT NULL, -- JSON: by which its server vouches for visitors
    UNIQUE (account, name)
) STRICT;

CREATE TABLE department (
    account INTEGER NOT NULL REFERENCES account (id),
    id      TEXT NOT NULL,
    name    TEXT NOT NULL,
    place   INTEGER NOT NULL,
    needs   TEXT NOT NULL, -- JSON: what its chats need
    PRIMARY KEY (account, id),
    UNIQUE (account, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE grp (
    account                INTEGER NOT NULL,
    id                     TEXT NOT NULL,
    department             TEXT NOT NULL,
    name                   TEXT NOT NULL,
    offer_mode             TEXT NOT NULL,
    offer_expires_after_ms INTEGER NOT NULL,
    connection_timeout_ms  INTEGER NOT NULL,
    rules                  TEXT NOT NULL, -- JSON
    PRIMARY KEY (account, id),
    UNIQUE (account, name),
    FOREIGN KEY (account, department) REFERENCES department (account, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE profile (
    account INTEGER NOT NULL REFERENCES account (id),
    id      TEXT NOT NULL,
    name    TEXT NOT NULL,
    PRIMARY KEY (account, id),
    UNIQUE (account, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE profile_group (
    account INTEGER NOT NULL,
    profile TEXT NOT NULL,
    grp     TEXT NOT NULL,
    PRIMARY KEY (account, profile, grp),
    FOREIGN KEY (account, profile) REFERENCES profile (account, id) ON DELETE CASCADE,
    FOREIGN KEY (account, grp) REFERENCES grp (account, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE operator (
    id            BLOB NOT NULL PRIMARY KEY,
    account       INTEGER NOT NULL REFERENCES account (id),
    email         TEXT NOT NULL,
    email_key     TEXT NOT NULL, -- the address without case
    name          TEXT NOT NULL,
    role          TEXT NOT NULL,
    max_chats     INTEGER, -- NULL is unlimited
    disabled      INTEGER NOT NULL,
    skills        TEXT NOT NULL, -- JSON: levels by name
    profile       TEXT, -- the groups they receive from; NULL is all
    password_hash TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    status        TEXT NOT NULL DEFAULT 'offline',
    status_since  INTEGER NOT NULL,
    expired_in_a_row INTEGER NOT NULL DEFAULT 0, -- offers in a row that expired, since one was answered or a status was set
    last_seen_at  INTEGER NOT NULL,
    session_epoch INTEGER NOT NULL DEFAULT 0,
    held          INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    reserved      INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    last_ended_at INTEGER,
    load_version  INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account, id),
    UNIQUE (account, email_key),
    FOREIGN KEY (account, profile) REFERENCES profile (account, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX operator_by_email ON operator (email_key);

CREATE TABLE membership (
    account   INTEGER NOT NULL,
    grp       TEXT NOT NULL,
    operator  BLOB NOT NULL,
    handling  TEXT NOT NULL,
    max_chats INTEGER, -- NULL is unlimited
    active    INTEGER NOT NULL,
    held      INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    reserved  INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    PRIMARY KEY (account, grp, operator),
    FOREIGN KEY (account, grp) REFERENCES grp (account, id) ON DELETE CASCADE,
    FOREIGN KEY (account, operator) REFERENCES operator (account, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_by_operator ON membership (account, operator);

CREATE TABLE closing ( -- what is about to be gone, until it is
    account INTEGER NOT NULL REFERENCES account (id),
    thing   TEXT NOT NULL,
    body    TEXT NOT NULL, -- JSON
    PRIMARY KEY (account, thing)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact ( -- of whom something is set
    account  INTEGER NOT NULL REFERENCES account (id),
    id       TEXT NOT NULL, -- as in chat.contact
    priority INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    token_hash BLOB NOT NULL PRIMARY KEY,
    account    INTEGER NOT NULL,
    operator   BLOB NOT NULL,
    csrf_hash  BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    user_agent TEXT NOT NULL,
    address    TEXT NOT NULL,
    FOREIGN KEY (account, operator) REFERENCES operator (account, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_operator ON session (account, operator);
CREATE INDEX session_by_end ON session (expires_at);

-- Failures and secrets belong to the installation, not to an account.
CREATE TABLE failure (
    key         TEXT NOT NULL PRIMARY KEY,
    count       INTEGER NOT NULL,
    pause_until INTEGER,
    latest_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secret (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE shard (
    id    INTEGER NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL,
    owner TEXT
) STRICT;
INSERT INTO shard (id, epoch)
WITH RECURSIVE number (id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM number WHERE id < 255)
SELECT id, 0 FROM number;

-- What changes with every message, apart from the rest of the chat: small rows, so that a commit writes few pages.
CREATE TABLE chat_head (
    chat        BLOB NOT NULL PRIMARY KEY,
    account     INTEGER NOT NULL,
    owner_epoch INTEGER NOT NULL,
    last_seq    INTEGER NOT NULL,
    visitor_seq INTEGER NOT NULL,
    messages    INTEGER NOT NULL,
    idle_since  INTEGER,
    answered_at INTEGER,
    replies     INTEGER NOT NULL,
    idle_ms     INTEGER NOT NULL,
    idle_spread BLOB NOT NULL -- how many idle times of each length, two bytes each, as far as there are any
) STRICT, WITHOUT ROWID;

CREATE TABLE chat (
    id           BLOB NOT NULL PRIMARY KEY,
    account      INTEGER NOT NULL,
    shard        INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    visitor      BLOB NOT NULL,
    brand        TEXT NOT NULL,
    department   TEXT,
    name         TEXT,
    email        TEXT,
    contact      TEXT, -- who the visitor is known as
    started_at   INTEGER NOT NULL,
    state        TEXT NOT NULL,
    grp          TEXT NOT NULL,
    owner        BLOB,
    queued_at    INTEGER NOT NULL,
    waited_since INTEGER NOT NULL,
    assigned_at  INTEGER,
    answered_in  TEXT, -- the group that it was assigned in at first
    ended_at     INTEGER,
    ended_by     TEXT,
    ended_why    TEXT,
    visitor_away INTEGER NOT NULL,
    question     TEXT
) STRICT;
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

-- The journal: where events are born. Appended to only, without an index: a row costs next to nothing. Two tables
-- take turns: while one is appended to, what stands in the other is brought to `chat_event`, and then the whole of it
-- is emptied at once, which costs next to nothing either. `n` rises through both.
CREATE TABLE event_0 (
    n       INTEGER PRIMARY KEY,
    chat    BLOB NOT NULL,
    account INTEGER NOT NULL,
    events  BLOB NOT NULL -- what one append brought, packed
) STRICT;
CREATE TABLE event_1 (
    n       INTEGER PRIMARY KEY,
    chat    BLOB NOT NULL,
    account INTEGER NOT NULL,
    events  BLOB NOT NULL
) STRICT;
CREATE VIEW event AS
SELECT n, chat, account, events FROM event_0 UNION ALL SELECT n, chat, account, events FROM event_1;

-- Where the indexer brings them: a row holds a range of consecutive events of one chat. Rows are added at the end of
-- the table, so that full pages are written; the index finds them by chat, and tells without reading a row how many
-- events it has and how many bytes. Everything up to the watermark is here and no longer in the journal.
CREATE TABLE chat_event (
    id          INTEGER PRIMARY KEY,
    chat        BLOB NOT NULL,
    account     INTEGER NOT NULL,
    first_seq   INTEGER NOT NULL,
    last_seq    INTEGER NOT NULL,
    visitor_seq INTEGER NOT NULL, -- the visitor's number at the last of them
    bytes       INTEGER NOT NULL,
    events      BLOB NOT NULL -- packed
) STRICT;
CREATE INDEX chat_event_of_chat ON chat_event (chat, last_seq, first_seq, visitor_seq, bytes);

CREATE TABLE watermark (
    name TEXT NOT NULL PRIMARY KEY,
    n    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO watermark (name, n) VALUES ('chat_event', 0);

CREATE TABLE offer (
    chat       BLOB NOT NULL,
    seq        INTEGER NOT NULL,
    account    INTEGER NOT NULL,
    operator   BLOB NOT NULL,
    grp        TEXT NOT NULL,
    kind       TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    holds      INTEGER NOT NULL, -- a slot is reserved for it; not where it rings at all
    asked      TEXT, -- JSON: which colleague asks, and why
    PRIMARY KEY (chat, seq, operator)
) STRICT, WITHOUT ROWID;
CREATE INDEX offer_by_operator ON offer (account, operator, expires_at);

-- Why a chat went to whom it went: the latest decisions of routing, by the number of the event that came of each.
CREATE TABLE decision (
    chat    BLOB NOT NULL,
    seq     INTEGER NOT NULL,
    account INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    grp     TEXT NOT NULL,
    record  TEXT NOT NULL, -- JSON
    PRIMARY KEY (chat, seq)
) STRICT, WITHOUT ROWID;

-- How much of the slots of a group's members or of an operator was in use, by hour, while they received.
CREATE TABLE work (
    account INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    hour    INTEGER NOT NULL, -- its beginning
    whose   TEXT NOT NULL,
    slot_ms INTEGER NOT NULL,
    used_ms INTEGER NOT NULL,
    PRIMARY KEY (account, kind, hour, whose)
) STRICT, WITHOUT ROWID;

-- Colleagues who were invited to a chat and are there, or were when it ended; while it runs each holds a slot.
CREATE TABLE guest (
    chat     BLOB NOT NULL,
    operator BLOB NOT NULL,
    account  INTEGER NOT NULL,
    grp      TEXT NOT NULL, -- for which the slot counts
    PRIMARY KEY (chat, operator)
) STRICT, WITHOUT ROWID;
CREATE INDEX guest_by_operator ON guest (account, operator);

CREATE TABLE mark (
    chat      BLOB NOT NULL,
    who       BLOB NOT NULL, -- an operator; 16 zero bytes are the visitor
    account   INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    seen      INTEGER NOT NULL,
    PRIMARY KEY (chat, who)
) STRICT, WITHOUT ROWID;

-- Commands that made a chat, and answers of commands outside a chat: what makes a repeated command harmless.
CREATE TABLE birth (
    account       INTEGER NOT NULL,
    visitor       BLOB NOT NULL,
    command       TEXT NOT NULL,
    digest        INTEGER NOT NULL,
    chat          BLOB NOT NULL,
    visitor_seq   INTEGER NOT NULL,
    kept_until    INTEGER NOT NULL,
    PRIMARY KEY (account, visitor, command)
) STRICT, WITHOUT ROWID;
CREATE INDEX birth_by_end ON birth (kept_until);

CREATE TABLE remembered (
    account    INTEGER NOT NULL,
    sender     TEXT NOT NULL,
    command    TEXT NOT NULL,
    digest     INTEGER NOT NULL,
    answer     TEXT NOT NULL,
    kept_until INTEGER NOT NULL,
    PRIMARY KEY (account, sender, command)
) STRICT, WITHOUT ROWID;
CREATE INDEX remembered_by_end ON remembered (kept_until);

-- What visitors left when nobody answered, each once for its command.
CREATE TABLE left_message (
    account    INTEGER NOT NULL,
    id         BLOB NOT NULL PRIMARY KEY,
    brand      TEXT NOT NULL,
    visitor    BLOB NOT NULL,
    name       TEXT,
    email      TEXT NOT NULL,
    text       TEXT NOT NULL,
    department TEXT,
    chat       BLOB,
    page       TEXT,
    language   TEXT,
    created_at INTEGER NOT NULL,
    state      TEXT NOT NULL,
    command    TEXT NOT NULL,
    digest     INTEGER NOT NULL,
    UNIQUE (account, visitor, command)
) STRICT, WITHOUT ROWID;
CREATE INDEX left_message_latest ON left_message (account, created_at, id);
CREATE INDEX left_message_new ON left_message (account, department) WHERE state = 'new';
CREATE INDEX left_message_of_visitor ON left_message (account, visitor, created_at);
