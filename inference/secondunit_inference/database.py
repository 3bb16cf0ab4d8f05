"""The database of orders: its layout, and how it is opened."""

import secrets
from pathlib import Path
from typing import Any

import apsw
from secondunit_bridge.errors import SecondUnitError

_SCHEMA_VERSION = 3
_BALLAST_BYTES = 4 * 1024 * 1024
_SCHEMA = """
CREATE TABLE orders (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL,
    state TEXT NOT NULL,
    fence INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    cancel INTEGER NOT NULL DEFAULT 0,
    numbers INTEGER NOT NULL DEFAULT 0,
    rank INTEGER NOT NULL DEFAULT 0,
    queued TEXT NOT NULL DEFAULT ''
);
CREATE INDEX orders_by_state ON orders(state, rank);
CREATE TABLE takes (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders(id),
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    reel TEXT NOT NULL UNIQUE,
    start INTEGER NOT NULL,
    body BLOB,
    UNIQUE (order_id, position)
);
CREATE TABLE events (
    order_id TEXT NOT NULL REFERENCES orders(id),
    number INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (order_id, number)
) WITHOUT ROWID;
CREATE TABLE versions (show TEXT NOT NULL, shot TEXT NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (show, shot));
CREATE TABLE timecode (show TEXT PRIMARY KEY, next_second INTEGER NOT NULL);
CREATE TABLE workers (device TEXT PRIMARY KEY, pid INTEGER NOT NULL, created REAL NOT NULL);
"""
# `rank`: queued orders start by it, the lowest first. `queued`: when, as an ISO 8601 time in UTC.
_LATER_LAYOUTS = (
    """
ALTER TABLE orders ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
UPDATE orders SET rank = number;
DROP INDEX orders_by_state;
CREATE INDEX orders_by_state ON orders(state, rank);
""",
    "ALTER TABLE orders ADD COLUMN queued TEXT NOT NULL DEFAULT '';",
)


def open_database(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(2000)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    version = first_row(connection, "PRAGMA user_version")[0]
    if version == 0:
        with connection:
            connection.execute(_SCHEMA)
            connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
    elif 1 <= version < _SCHEMA_VERSION:
        with connection:
            for change in _LATER_LAYOUTS[version - 1 :]:
                connection.execute(change)
            connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
    elif version != _SCHEMA_VERSION:
        raise SecondUnitError(
            f"the database {path} has layout {version}, this unit knows {_SCHEMA_VERSION}: run the version that wrote"
            " it, or set SECONDUNIT_HOME to another folder"
        )
    return connection


def write_ballast(path: Path) -> None:
    """Room that is given up when the disk is full, so that ends and cancellations can still be stored."""
    if not path.exists():
        with path.open("wb") as ballast:
            ballast.write(secrets.token_bytes(_BALLAST_BYTES))


def first_row(db: apsw.Connection, query: str, *values: Any) -> Any:
    return db.execute(query, values).fetchone()
