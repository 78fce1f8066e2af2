"""A hall with many years behind it, made quickly: rows copied from one real tender by the database itself, and a
whole signed log with tiles, which the sequencer takes over at the next start."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.hall import running, seal_one
from config import bidder as device
from config import embedded, installation
from config.demo.client import Person
from config.demo.seed import open_tender
from config.settings import DEFAULTS
from config.supervisor import Hall
from trading.ledger import entry
from trading.ledger.checkpoint import Checkpoint, sign_checkpoint
from trading.ledger.folder import TileFolder
from trading.ledger.tiles import WIDTH, Edge, FullTile, Tile, full_root

OPEN = 200
"""tenders that still take bids, however many there are"""
PLAIN = 40
"""plain entries in every hundred, which are one tender's; the rest are blinded"""
BIDS, PROMISES, EVENTS = 3, 10, 10
"""of each tender"""
RARE = "天文望远镜"
ORIGIN = DEFAULTS["ledger.origin"]
TYPES = ["tender.drafted", "tender.published", *["price.confirmed"] * (PLAIN - 6), "tender.closed",
         "opening.recorded", "result.published", "contract.signed"]  # fmt: skip
HASTE = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "'16GB'", "maintenance_work_mem": "'1GB'",
         "synchronous_commit": "off"}  # fmt: skip
"""settings of the database while it is filled"""


def aged(folder: Path, tenders: int, entries: int) -> Path:
    """The state of a hall with so much behind it, to be started; one that was made in this folder before is taken
    as it is."""
    state = folder / f"{tenders}-{entries}"
    made, began = state / "made", time.perf_counter()
    if not made.exists():
        with running(state) as hall:
            code = first_tender(hall)
        with embedded.postgres(state / "postgres") as url:
            fill(url, state, code, tenders, entries)
        made.touch()
        print(
            f"  ({tenders} tenders, {entries} entries, made in {time.perf_counter() - began:.0f} s)",
            flush=True,
        )
    return state


def first_tender(hall: Hall) -> str:
    """A published tender and a bid, of which all others are copies; returns its code."""
    code = open_tender(Person(hall.url, hall.state, "agent"))
    bidder = Person(hall.url, hall.state, "bidder1")
    policy = device.fetch_policy(bidder.hall, code)
    with tempfile.TemporaryDirectory() as papers:
        bid = seal_one(policy.raw, bidder.key_file, Path(papers), 64 << 10)
        device.wait_receipt(bidder.hall, device.submit(bidder.hall, bid.sealed).receipt)
    return code


def fill(url: str, state: Path, code: str, tenders: int, entries: int) -> None:
    """All the rows and tiles. They are right by construction: checked one by one they would take hours."""
    with psycopg.connect(url, autocommit=True) as connection:
        for name, value in HASTE.items():
            connection.execute(f"ALTER SYSTEM SET {name} = {value}")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("SET session_replication_role = replica")
        with without_indexes(connection, ("notice", "bid", "upload", "promise", "ledger_entry")):
            fill_tenders(connection, code, tenders)
            fill_ledger(connection, entries)
        sign(connection, TileFolder(state / "ledger"), installation.log_key(state))
        connection.execute("VACUUM ANALYZE")
        for name in HASTE:
            connection.execute(f"ALTER SYSTEM RESET {name}")
        connection.execute("CHECKPOINT")


@contextmanager
def without_indexes(connection: psycopg.Connection[Any], tables: tuple[str, ...]) -> Iterator[None]:
    """These tables without the indexes that can be made afterwards, which is quicker by far."""
    found = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(%s) "
        "AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        [list(tables)],
    ).fetchall()
    for name, _ in found:
        connection.execute(f'DROP INDEX "{name}"')
    yield
    for _, definition in found:
        connection.execute(definition)


# --- tenders and what belongs to them ---------------------------------------------------------------


def fill_tenders(connection: psycopg.Connection[Any], code: str, count: int) -> None:
    """Copies of one published tender with its rows: the last OPEN of them open, all others contracted."""
    opened = f"n >= {count - OPEN}"
    ended = f"WHERE n < {count - OPEN}"
    name = (
        f"CASE WHEN n = {count // 2} THEN '{RARE}采购' "
        "ELSE '第' || n || '号' || (ARRAY['学校','医院','道路','图书馆'])[n % 4 + 1] || '采购项目' END"
    )
    instant = (
        f"now() + CASE WHEN {opened} THEN interval '20 days' + n % 50 * interval '1 hour' "
        f"ELSE (n - {count}) * interval '10 minutes' END"
    )
    own, tender, hash_ = (
        "'L' || lpad(n::text, 7, '0')",
        "md5('tender' || n)::uuid",
        "md5('a' || n) || md5('b' || n)",
    )
    each = {"id": "md5(one.id::text || n || k)::uuid", "tender": own, "tender_id": tender}
    by_code, by_id = f"tender = '{code}'", f"tender_id = (SELECT id FROM tender WHERE code = '{code}')"
    random = "decode(md5(one.id::text || n || k), 'hex')"

    copy_rows(connection, "tender", f"code = '{code}'", count, {
        "id": tender, "code": own, "title": name, "deadline": instant, "opens_at": instant, "policy_hash": hash_,
        "state": f"CASE WHEN {opened} THEN 'published' ELSE 'contracted' END",
        "created_at": f"{instant} - interval '21 days'", "published_at": f"{instant} - interval '20 days'",
    })  # fmt: skip
    for table, source in (("publication", by_id), ("custodian_key", by_id), ("document", by_code)):
        copy_rows(connection, table, source, count, each)
    copy_rows(connection, "seal_policy", by_id, count, each | {"sha256": hash_})
    text = f"to_char(({instant}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
    for kind, later in (("tender", "-20 days"), ("result", "10 days"), ("contract", "20 days")):
        notice = each | {
            "kind": f"'{kind}'", "title": name, "published_at": f"{instant} + interval '{later}'", "grams": grams(name),
            "shown": f"jsonb_set(shown, '{{deadline}}', to_jsonb({text}))" if kind == "tender" else "shown - 'deadline'",
        }  # fmt: skip
        source = f"{by_code} AND kind = 'tender'"
        copy_rows(
            connection, "notice", source, count, notice, where="" if kind == "tender" else ended, key=kind
        )
    bid = each | {"ref": "md5(n || '-' || k)", "owner_key": random, "sealed": random}
    copy_rows(connection, "bid", by_id, count, bid, per=BIDS, where=ended)
    upload = each | {"owner_key": random, "manifest_key": random, "sealed": random}
    copy_rows(connection, "upload", by_id, count, upload, per=BIDS, where=ended)
    kept = each | {"kept_at": instant, "payload": "jsonb_build_object('tender', n)", "due_at": instant}
    copy_rows(connection, "promise", "true", count, kept, per=PROMISES, where=ended)
    connection.execute(
        "INSERT INTO contract (id, tender, supplier_id, manifest, price, awarded_at, due_at, signed_at, published_at) "
        "SELECT id, code, tenderer_id, policy_hash, budget, created_at, created_at, created_at, created_at "
        "FROM tender WHERE state = 'contracted'"
    )
    event = {"id": "nextval(pg_get_serial_sequence('live_event', 'id'))", "channel": f"'tender:' || {own}"}
    copy_rows(connection, "live_event", "true", count, event, per=EVENTS, where=ended)
    connection.execute(
        "INSERT INTO tender_stage (tender, type) SELECT code, CASE state WHEN 'published' THEN 'tender.published' "
        "ELSE 'contract.signed' END FROM tender ON CONFLICT DO NOTHING"
    )


def grams(name: str) -> str:
    """What the notice board's search looks in: pairs and characters of the title, made as publishing makes them,
    and those that the copied notice has from its other fields."""
    found = [
        f"ARRAY(SELECT DISTINCT substr({name}, i, {width}) FROM generate_series(1, length({name}) + 1 - {width}) AS i)"
        for width in (1, 2)
    ]
    return " || ".join(["one.grams", *found])


def copy_rows(
    connection: psycopg.Connection[Any],
    table: str,
    source: str,
    count: int,
    other: dict[str, str],
    *,
    per: int = 1,
    where: str = "",
    key: str = "",
) -> None:
    """For each of `count` tenders `per` rows like those where `source` holds, with some columns made from the
    tender's number n and the copy's number k."""
    query = (
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position"
    )
    columns = [name for (name,) in connection.execute(query, [table])]
    values = ", ".join(other.get(name, f'one."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    limit = "LIMIT 1" if source == "true" or per > 1 else ""
    connection.execute(  # type: ignore[call-overload]
        f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {values} "
        f"FROM (SELECT * FROM {table} WHERE {source} {limit}) AS one, generate_series(0, {count - 1}) AS n, "
        f"(SELECT '{key}' || i AS k FROM generate_series(1, {per}) AS i) AS copies {where}"
    )


# --- the ledger -----------------------------------------------------------------------------------


def fill_ledger(connection: psycopg.Connection[Any], count: int) -> None:
    """`count` entries with their places, after those that are there already."""
    plain = (
        entry.Entry("0" * 32, "2026-01-05T01:02:03.004Z", "type", "CODE", "agent", None, ())
        .to_bytes()
        .decode()
    )
    for old, new in (("0" * 32, "%1$s"), ("CODE", "%2$s"), ('"type":"type"', '"type":"%3$s"')):
        plain = plain.replace(old, new)
    blinded = entry.Blinded("0" * 64).to_bytes().decode()
    types = "ARRAY[" + ",".join(f"'{name}'" for name in TYPES) + "]"
    query = "SELECT max(seq) + 1, (SELECT max(id) FROM ledger_entry) + 1 FROM ledger_seq"
    ((place, first),) = connection.execute(query).fetchall()
    connection.execute(
        f"""WITH made AS (INSERT INTO ledger_entry (id, body, at, tender) OVERRIDING SYSTEM VALUE
            SELECT n + {first}, convert_to(CASE WHEN n % 100 < {len(TYPES)}
                THEN format('{plain}', md5(n::text), code, ({types})[n % 100 + 1])
                ELSE replace('{blinded}', '{"0" * 64}', encode(sha256(int8send(n)), 'hex')) END, 'UTF8'),
              now(), CASE WHEN n % 100 < {len(TYPES)} THEN code END
            FROM (SELECT n, 'L' || lpad((n / 100)::text, 7, '0') AS code
                  FROM generate_series(0, {count - 1}::bigint) AS n) AS each RETURNING id, body)
        INSERT INTO ledger_seq (seq, entry, leaf)
        SELECT id - {first} + {place}, id, sha256('\\x00'::bytea || body) FROM made"""
    )
    connection.execute(f"SELECT setval(pg_get_serial_sequence('ledger_entry', 'id'), {first + count})")


def sign(connection: psycopg.Connection[Any], files: TileFolder, seed: bytes) -> None:
    """Tiles in the database and in the folder, and the checkpoint over them."""
    rows: list[list[bytes]] = [[]]
    size = 0
    connection.execute("TRUNCATE ledger_tile")
    query = f"SELECT string_agg(leaf, ''::bytea ORDER BY seq) FROM ledger_seq GROUP BY seq / {WIDTH} ORDER BY seq / {WIDTH}"
    with (
        psycopg.connect(connection.info.dsn) as other,
        other.cursor("leaves") as leaves,
        connection.cursor() as cursor,
        cursor.copy("COPY ledger_tile (level, idx, hashes, root) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types(["int4", "int8", "bytea", "bytea"])
        for (row,) in leaves.execute(query):
            size += len(row) // 32
            rows[0] = [row[at : at + 32] for at in range(0, len(row), 32)]
            for tile in filled(rows, size):
                copy.write_row((tile.level, tile.index, tile.hashes, tile.root))
                place(files, Tile(tile.level, tile.index), tile.hashes)
    edge = Edge(size, rows)
    for level, hashes in enumerate(edge.rows):
        if hashes:
            index = (edge.size >> (8 * level)) // WIDTH
            place(files, Tile(level, index, len(hashes)), b"".join(hashes))
    note = sign_checkpoint(Checkpoint(ORIGIN, edge.size, edge.root()), seed)
    connection.execute(
        "INSERT INTO ledger_checkpoint (size, root, note, at) VALUES (%s, %s, %s, now())",
        [edge.size, edge.root(), note],
    )
    (files.path / "checkpoint").write_text(note)


def filled(rows: list[list[bytes]], size: int) -> Iterator[FullTile]:
    """The tiles that are full, lowest level first; each gives its root to the level above. (What `Edge` does leaf
    by leaf, a tile at a time.)"""
    level = 0
    while len(rows[level]) == WIDTH:
        root = full_root(rows[level])
        yield FullTile(level, (size >> (8 * (level + 1))) - 1, b"".join(rows[level]), root)
        rows[level] = []
        level += 1
        if level == len(rows):
            rows.append([])
        rows[level].append(root)


def place(files: TileFolder, tile: Tile, data: bytes) -> None:
    """A tile's file, without the flushing that a living log needs."""
    path = files.path / tile.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
