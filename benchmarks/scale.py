"""A hall that is many years old against a young one: lists, search, pages and proofs must stay as fast.

`python -m benchmarks.scale [tenders] [entries] [baseline tenders] [baseline entries]`: rows are made by the
database itself from one really published tender; the ledger is a whole signed log with tiles, which the
sequencer takes over when the hall starts. Both halls have as many open tenders; only the past differs.
Shown is the median of each page in both, and their ratio.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from benchmarks.hall import registry_of, running
from config import embedded, installation, supervisor
from config.demo import people
from config.demo.client import Person
from config.demo.seed import open_tender
from config.settings import DEFAULTS
from config.supervisor import Hall
from trading.ledger import entry, service
from trading.ledger.checkpoint import Checkpoint, sign_checkpoint
from trading.ledger.folder import TileFolder
from trading.ledger.tiles import WIDTH, Edge, FullTile, Tile

OPEN = 200
"""tenders that still take bids, in both halls"""
PLAIN = 40
"""plain entries of one tender in every hundred; the rest are blinded"""
READS, LONGEST = 20, 20.0
"""pages read for a median; no page is asked again after so many seconds"""
RARE = "天文望远镜"
ORIGIN = DEFAULTS["ledger.origin"]
TYPES = ["tender.drafted", "tender.published", *["price.confirmed"] * (PLAIN - 6), "tender.closed",
         "opening.recorded", "result.published", "contract.signed"]  # fmt: skip


# --- the ledger -----------------------------------------------------------------------------------


def fill_ledger(url: str, state: Path, count: int) -> None:
    """`count` entries with their places, tiles and one signed checkpoint, as a sequencer leaves them."""
    plain = entry.Entry("0" * 32, "2026-01-05T01:02:03.004Z", "type", "CODE", "agent", None, ()).to_bytes()
    blinded = entry.Blinded("0" * 64).to_bytes()
    text = (
        plain.decode()
        .replace("0" * 32, "%1$s")
        .replace("CODE", "%2$s")
        .replace('"type":"type"', '"type":"%3$s"')
    )
    types = "ARRAY[" + ",".join(f"'{name}'" for name in TYPES) + "]"
    with psycopg.connect(url, autocommit=True) as connection:
        # The rows are right by construction: without checks row by row a night's load takes minutes.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        connection.execute(
            f"""INSERT INTO ledger_entry (id, body, at, tender) OVERRIDING SYSTEM VALUE
            SELECT n + 1, convert_to(CASE WHEN n % 100 < {len(TYPES)}
                THEN format('{text}', md5(n::text), code, ({types})[n % 100 + 1])
                ELSE replace('{blinded.decode()}', '{"0" * 64}', encode(sha256(int8send(n)), 'hex')) END, 'UTF8'),
              now(), CASE WHEN n % 100 < {len(TYPES)} THEN code END
            FROM (SELECT n, 'L' || lpad((n / 100)::text, 7, '0') AS code
                  FROM generate_series(0, {count - 1}::bigint) AS n) AS each"""
        )
        connection.execute(f"SELECT setval(pg_get_serial_sequence('ledger_entry', 'id'), {count})")
        connection.execute(
            "INSERT INTO ledger_seq (seq, entry, leaf) "
            "SELECT id - 1, id, sha256('\\x00'::bytea || body) FROM ledger_entry ORDER BY id"
        )
        sign(connection, TileFolder(state / "ledger"), installation.log_key(state))
        connection.execute("VACUUM ANALYZE")


def sign(connection: psycopg.Connection[Any], files: TileFolder, seed: bytes) -> None:
    """Tiles in the database and in the folder, and the checkpoint over them."""
    edge, tiles = Edge(), list[FullTile]()
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY (SELECT leaf FROM ledger_seq ORDER BY seq) TO STDOUT (FORMAT BINARY)") as rows,
    ):
        rows.set_types(["bytea"])
        for (leaf,) in rows.rows():
            tiles += edge.append(leaf)
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY ledger_tile (level, idx, hashes, root) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types(["int4", "int8", "bytea", "bytea"])
        for tile in tiles:
            copy.write_row((tile.level, tile.index, tile.hashes, tile.root))
            place(files, Tile(tile.level, tile.index), tile.hashes)
    for level, row in enumerate(edge.rows):
        if row:
            index = (edge.size >> (8 * level)) // WIDTH
            place(files, Tile(level, index, len(row)), b"".join(row))
    note = sign_checkpoint(Checkpoint(ORIGIN, edge.size, edge.root()), seed)
    connection.execute(
        "INSERT INTO ledger_checkpoint (size, root, note, at) VALUES (%s, %s, %s, now())",
        [edge.size, edge.root(), note],
    )
    (files.path / "checkpoint").write_text(note)


def place(files: TileFolder, tile: Tile, data: bytes) -> None:
    """A tile's file, without the flushing that a living log needs."""
    path = files.path / tile.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


# --- tenders and notices --------------------------------------------------------------------------


def fill_tenders(url: str, code: str, count: int) -> None:
    """Copies of one published tender and its notice: the last OPEN of them open, all others contracted."""
    is_open = f"n >= {count - OPEN}"
    name = f"CASE WHEN n = {count // 2} THEN '{RARE}采购' ELSE '第' || n || '号' || (ARRAY['学校','医院','道路','图书馆'])[n % 4 + 1] || '采购项目' END"
    instant = f"now() + CASE WHEN {is_open} THEN interval '20 days' + n % 50 * interval '1 hour' ELSE (n - {count}) * interval '10 minutes' END"
    own = "'L' || lpad(n::text, 7, '0')"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        copy_rows(connection, "tender", code, count, {
            "id": "gen_random_uuid()", "code": own, "title": name, "deadline": instant, "opens_at": instant,
            "state": f"CASE WHEN {is_open} THEN 'published' ELSE 'contracted' END",
            "created_at": f"{instant} - interval '21 days'", "published_at": f"{instant} - interval '20 days'",
        })  # fmt: skip
        shown = (
            "jsonb_set(shown, '{deadline}', to_jsonb(to_char(("
            + instant
            + ") AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')))"
        )
        for kind, later in (("tender", "-20 days"), ("result", "10 days"), ("contract", "20 days")):
            past = "" if kind == "tender" else f"WHERE n < {count - OPEN}"
            columns = {
                "id": "gen_random_uuid()", "kind": f"'{kind}'", "tender": own, "title": name,
                "published_at": f"{instant} + interval '{later}'", "shown": shown if kind == "tender" else "shown - 'deadline'",
            }  # fmt: skip
            copy_rows(connection, "notice", code, count, columns | grams(connection, name), past)
        connection.execute(
            "INSERT INTO tender_stage (tender, type) SELECT code, CASE state WHEN 'published' THEN 'tender.published' "
            "ELSE 'contract.signed' END FROM tender ON CONFLICT DO NOTHING"
        )
        connection.execute("VACUUM ANALYZE")


def grams(connection: psycopg.Connection[Any], name: str) -> dict[str, str]:
    """What the notice board's search looks in, made as publishing makes it."""
    exists = "SELECT FROM information_schema.columns WHERE table_name = 'notice' AND column_name = 'grams'"
    if connection.execute(exists).fetchone() is None:
        return {}
    # Pairs of neighbouring characters of the title, and those that the copied notice had from its other fields.
    return {"grams": f"grams || ARRAY(SELECT DISTINCT substr(lower({name}), i, 2) FROM generate_series(1, length({name}) - 1) AS i) || ARRAY(SELECT DISTINCT substr(lower({name}), i, 1) FROM generate_series(1, length({name})) AS i)"}  # fmt: skip


def copy_rows(
    connection: psycopg.Connection[Any],
    table: str,
    code: str,
    count: int,
    other: dict[str, str],
    where: str = "",
) -> None:
    """`count` rows like the one of this tender, with some columns made from the number n."""
    query = (
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position"
    )
    columns = [name for (name,) in connection.execute(query, [table])]
    key, extra = ("code", "") if table == "tender" else ("tender", "AND kind = 'tender'")
    values = ", ".join(other.get(name, f'"{name}"') for name in columns).replace("%", "%%")
    names = ", ".join(f'"{name}"' for name in columns)
    connection.execute(  # type: ignore[call-overload]
        f"INSERT INTO {table} ({names}) SELECT {values} FROM (SELECT * FROM {table} WHERE {key} = %s {extra} LIMIT 1) AS one, "
        f"generate_series(0, {count - 1}) AS n {where}",
        [code],
    )


# --- measuring ------------------------------------------------------------------------------------


@contextmanager
def old_hall(tenders: int, entries: int) -> Iterator[Hall]:
    """A hall with so much behind it."""
    with tempfile.TemporaryDirectory(prefix="th-") as short:
        state = Path(short)
        installation.make_keys(state)
        began = time.perf_counter()
        with embedded.servers(state) as servers:
            environment = dict(os.environ) | {
                "TRADEHALL_STATE": short,
                "DATABASE_URL": servers.database_url,
                "REDIS_URL": servers.redis_url,
            }
            supervisor.migrate(servers.database_url, environment)
            fill_ledger(servers.database_url, state, entries)
        with running(state) as hall:
            code = open_tender(Person(hall.url, hall.state, "agent"))
            fill_tenders(hall.environment["DATABASE_URL"].replace("+psycopg", ""), code, tenders)
            print(
                f"  ({tenders} tenders, {entries} entries, made in {time.perf_counter() - began:.0f} s)",
                flush=True,
            )
            yield hall


def pages(tenders: int, entries: int, chance: random.Random) -> dict[str, tuple[str, Callable[[], str]]]:
    """What is read: words → who reads it ("" for everybody) and a maker of addresses."""
    q = urllib.parse.quote
    old = lambda: f"L{chance.randrange(min(tenders - OPEN, entries // 100)):07d}"  # noqa: E731
    return {
        "notice board": ("", lambda: "/"),
        "notice board, page 20": ("", lambda: "/?page=20"),
        "search, one hit": ("", lambda: f"/?q={q(RARE)}"),
        "search, many hits": ("", lambda: f"/?q={q('图书馆')}"),
        "search, no hit": ("", lambda: f"/?q={q('没有这样的项目')}"),
        "open tenders": ("", lambda: "/?state=open"),
        "closed tenders": ("", lambda: "/?state=closed"),
        "result notices": ("", lambda: "/?kind=result"),
        "openings": ("", lambda: "/openings"),
        "a tender's page": ("", lambda: f"/tenders/{old()}"),
        "a tender's trail": ("", lambda: f"/tenders/{old()}/trail"),
        "inclusion proof, tiles": ("", lambda: f"/proof?index={chance.randrange(entries)}"),
        "consistency proof, tiles": ("", lambda: f"/proof?old={chance.randrange(1, entries)}"),
        "agent's desk": ("agent", lambda: "/desk"),
        "bidder's desk": ("bidder1", lambda: "/desk"),
        "regulator's desk": ("regulator", lambda: "/supervision"),
        "regulator's search": ("regulator", lambda: f"/supervision?q={q(RARE)}"),
        "regulator's stage": ("regulator", lambda: "/supervision?state=contracted"),
    }


def median(hall: Hall, who: str, address: Callable[[], str]) -> float:
    """Seconds for one page, read several times."""
    found, began = list[float](), time.perf_counter()
    while len(found) < READS and time.perf_counter() - began < LONGEST:
        request = urllib.request.Request(hall.url + address())
        if who:
            request.add_header("Authorization", f"Bearer {people.load(hall.state)[who]['api_key']}")
        start = time.perf_counter()
        with urllib.request.urlopen(request, timeout=300) as answer:
            answer.read()
        found.append(time.perf_counter() - start)
    return statistics.median(found[1:] or found)


def append(hall: Hall) -> float:
    """Seconds from an act to its place in a signed tree."""
    registry, waits = registry_of(hall), []
    for _ in range(READS):
        with Session(registry["sessions"].kw["bind"]) as session:
            number = service.append(session, "bench.done", tender="T-1", actor="a").id
            session.commit()
            began = time.perf_counter()
            while service.leaf_index(session, number) is None:
                session.rollback()
                time.sleep(0.002)
            waits.append(time.perf_counter() - began)
    return statistics.median(waits)


def measure(tenders: int, entries: int) -> dict[str, float]:
    """The median of every page."""
    chance = random.Random(5)
    with old_hall(tenders, entries) as hall:
        found = {name: median(hall, *each) for name, each in pages(tenders, entries, chance).items()}
        return found | {"an act until it is signed": append(hall)}


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    sizes = ([int(word) for word in arguments] + [10_000, 1_000_000, 1_000, 100_000][len(arguments) :])[:4]
    young, old = measure(sizes[2], sizes[3]), measure(sizes[0], sizes[1])
    print(
        f"{sizes[0]} tenders and {sizes[1]} ledger entries against {sizes[2]} and {sizes[3]}, {OPEN} open in both"
    )
    for name, seconds in old.items():
        print(
            f"  {name:<28}{seconds * 1000:8.1f} ms, young {young[name] * 1000:8.1f} ms, ratio {seconds / young[name]:.2f}"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
