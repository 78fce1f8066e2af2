"""`python -m config.diagrams`: draws the pictures of docs/diagrams from the code itself (代码生成的图).

`packages`: which room imports which, read from the import statements (also those inside functions);
`tender-lifecycle`: the table of steps of a tender. The same code always gives the same bytes, so
`--check` can tell a picture that is out of date (exit code 1, and its name).
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from bidding.tenders.lifecycle import TENDER

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "diagrams"
LAYERS = {
    "config": "puts it together",
    "plugins": "what a city swaps",
    "bidding": "the competition",
    "expert_pool": "the people who judge",
    "trading": "the hall, its rules and its proof",
}
"""The packages from the top down, each with what it is."""
WHOLE = "config"
"""Drawn as one box: it imports everything and nothing imports it."""
FLOOR = "trading"
"""The lowest package's own modules: every room imports them."""
NOT_OURS = {"node_modules", "built", "__pycache__"}

Edges = frozenset[tuple[str, str]]

BOX, GAP, TALL, BAND, MARGIN = 118, 14, 36, 128, 24
COLOURS = ("#3b3f8f", "#7a5195", "#b0413e", "#8a6d1d", "#1f6f5c")
FONT = "font-family=\"'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif\""


# --- reading ---------------------------------------------------------------------------------------


def room_of(name: str, root: Path) -> str | None:
    """The box that a dotted name belongs to: its room, its package's own modules, None for a stranger."""
    package, _, rest = name.partition(".")
    if package not in LAYERS:
        return None
    room = rest.partition(".")[0]
    inside = package != WHOLE and bool(room) and (root / package / room).is_dir()
    return f"{package}.{room}" if inside else package


def sources(root: Path) -> Iterator[Path]:
    """Every Python file of the packages."""
    for package in LAYERS:
        for path in sorted((root / package).rglob("*.py")):
            if not NOT_OURS & set(path.relative_to(root).parts):
                yield path


def imported_names(tree: ast.AST) -> Iterator[str]:
    """The dotted names that import statements name, wherever they stand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def read(root: Path) -> tuple[list[str], Edges]:
    """The boxes, top layer first, and who imports whom."""
    rooms, edges = set[str](), set[tuple[str, str]]()
    for path in sources(root):
        module = path.relative_to(root).with_suffix("")
        room = room_of(".".join(module.parts), root)
        names = list(imported_names(ast.parse(path.read_text(encoding="utf-8"))))
        if room is None or (path.name == "__init__.py" and len(module.parts) == 2 and not names):
            continue
        rooms.add(room)
        found = {room_of(name, root) for name in names} - {None, room}
        edges |= {(room, other) for other in found if other is not None}
    order = list(LAYERS)
    known = rooms | {other for _, other in edges}
    return sorted(known, key=lambda box: (order.index(layer_of(box)), box)), frozenset(edges)


def layer_of(room: str) -> str:
    return room.partition(".")[0]


def label(room: str) -> str:
    """What stands in a box."""
    package, _, name = room.partition(".")
    if package == WHOLE:
        return WHOLE
    return f"{name}/" if name else f"{package}/*.py"


# --- drawing ---------------------------------------------------------------------------------------


def mermaid(rooms: Sequence[str], edges: Edges) -> str:
    """Every import between boxes, as a Mermaid flowchart with one frame for each package."""
    lines = ["flowchart TD"]
    for package, words in LAYERS.items():
        lines.append(f'    subgraph {package}_layer["{package}: {words}"]')
        lines += [f'        {key(room)}["{label(room)}"]' for room in rooms if layer_of(room) == package]
        lines.append("    end")
    lines += [f"    {key(one)} --> {key(other)}" for one, other in sorted(edges)]
    return "\n".join(lines) + "\n"


def key(room: str) -> str:
    """A name that Mermaid takes as an identifier."""
    return room.replace(".", "_") + ("" if "." in room else "_own")


def telling(edges: Edges) -> Edges:
    """The edges worth a line: not from `config` and not to the floor, which hold for every room, and not
    those that a way over a third room shows as well."""
    shown = {(a, b) for a, b in edges if a != WHOLE and b != FLOOR and a != FLOOR}

    def mutual(one: str, other: str) -> bool:
        return (one, other) in shown and (other, one) in shown

    def detour(one: str, other: str) -> bool:
        ways = {b for a, b in shown if a == one} & {a for a, b in shown if b == other}
        return any(not mutual(one, via) and not mutual(via, other) for via in ways)

    return frozenset((a, b) for a, b in shown if mutual(a, b) or not detour(a, b))


def svg(rooms: Sequence[str], edges: Edges) -> str:
    """The same as a picture: one band for each package, arrows down from who imports to what is imported."""
    rows = [[room for room in rooms if layer_of(room) == package and room != FLOOR] for package in LAYERS]
    width = max(max(len(row) for row in rows) * (BOX + GAP) - GAP + 2 * MARGIN, 900)
    places = {room: place for at, row in enumerate(rows) for room, place in row_of(row, at, width)}
    height = MARGIN + len(rows) * BAND + TALL + 60
    floor = height - TALL - 44
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" {FONT} font-size="13">',
        "<title>Which room imports which</title>",
        '<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 8 4 0 8z" fill="#555"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        *(band(package, at, width) for at, package in enumerate(LAYERS)),
        *(arrow(places[a], places[b]) for a, b in sorted(telling(edges))),
        *(box(room, *place) for room, place in places.items()),
        f'<rect x="{MARGIN}" y="{floor}" width="{width - 2 * MARGIN}" height="{TALL}" rx="4" fill="{COLOURS[-1]}"/>',
        f'<text x="{width // 2}" y="{floor + 23}" text-anchor="middle" fill="#fff">{label(FLOOR)}: '
        "the floor, imported by every room</text>",
        f'<text x="{MARGIN}" y="{height - 14}" fill="#555">config imports every package. An arrow that a way '
        "over a third room shows as well is left out; packages.mmd has them all.</text>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def row_of(row: Sequence[str], at: int, width: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """Boxes of one band from the left, the row in the middle of the picture: room, (x, y)."""
    start = (width - len(row) * (BOX + GAP) + GAP) // 2
    for number, room in enumerate(row):
        yield room, (start + number * (BOX + GAP), MARGIN + at * BAND + 30)


def band(package: str, at: int, width: int) -> str:
    y = MARGIN + at * BAND
    return (
        f'<rect x="8" y="{y}" width="{width - 16}" height="{BAND - 8}" rx="6" fill="{COLOURS[at]}" '
        f'fill-opacity="0.07"/><text x="18" y="{y + 19}" fill="{COLOURS[at]}"><tspan font-weight="bold">'
        f"{package}</tspan> {escape(LAYERS[package])}</text>"
    )


def box(room: str, x: int, y: int) -> str:
    colour = COLOURS[list(LAYERS).index(layer_of(room))]
    return (
        f'<rect x="{x}" y="{y}" width="{BOX}" height="{TALL}" rx="4" fill="{colour}"/>'
        f'<text x="{x + BOX // 2}" y="{y + 23}" text-anchor="middle" fill="#fff">{escape(label(room))}</text>'
    )


def arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    """An arc under the row inside a band, a bent line down between bands."""
    (x1, y1), (x2, y2) = start, end
    x1, x2 = x1 + BOX // 2, x2 + BOX // 2
    if y1 == y2:
        depth = y1 + TALL + 14 + abs(x2 - x1) // 12
        side = 8 if x2 > x1 else -8
        way = f"M{x1 + side} {y1 + TALL}C{x1 + side} {depth} {x2 - side} {depth} {x2 - side} {y2 + TALL + 1}"
    else:
        middle = (y1 + TALL + y2) // 2
        way = f"M{x1} {y1 + TALL}C{x1} {middle} {x2} {middle} {x2} {y2 - 1}"
    return f'<path d="{way}" fill="none" stroke="#555" stroke-opacity="0.75" marker-end="url(#to)"/>'


# --- writing ---------------------------------------------------------------------------------------


def pictures(root: Path = ROOT) -> dict[str, str]:
    """Every picture by its file name."""
    rooms, edges = read(root)
    return {
        "packages.mmd": mermaid(rooms, edges),
        "packages.svg": svg(rooms, edges),
        "tender-lifecycle.mmd": TENDER.diagram("mermaid"),
    }


def stale(folder: Path, drawn: Mapping[str, str]) -> list[str]:
    """Names of the pictures in `folder` that are missing or not what would be drawn now."""
    return [
        name
        for name, text in drawn.items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    ]


def main(arguments: Sequence[str] | None = None, folder: Path = FOLDER, root: Path = ROOT) -> int:
    """Draw, or with `--check` only compare; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m config.diagrams", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a picture is stale")
    chosen = parser.parse_args(arguments)
    drawn = pictures(root)
    if chosen.check:
        old = stale(folder, drawn)
        for name in old:
            print(f"docs/diagrams/{name} is out of date: run `make docs`", file=sys.stderr)
        return 1 if old else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in drawn.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
        print(folder / name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
