"""Named points (故障点) of a tender's life, each a condition that anybody can see in the hall's database.

The product knows nothing of them: the harness looks every two milliseconds and strikes a random moment after
the condition holds, so that repeated runs cover the whole interval around it. Points without a condition are
moments of the clients themselves, just before they send something.
"""

from __future__ import annotations

from dataclasses import dataclass

ENTRY = "SELECT 1 FROM ledger_entry WHERE tender = %(code)s AND position(convert_to('\"type\":\"{}\"', 'UTF8') IN body) > 0"
OF = "WHERE tender_id = (SELECT id FROM tender WHERE code = %(code)s)"
OF_DRAW = "WHERE draw_id IN (SELECT id FROM draw WHERE tender = %(code)s)"
PIECES = f"SELECT 1 FROM upload_piece WHERE upload_id IN (SELECT id FROM upload {OF}) HAVING count(*) >= {{}}"


@dataclass(frozen=True)
class Point:
    """A point in a phase; `query` answers a row once it is reached, "" for a client's own moment."""

    phase: str
    name: str
    query: str = ""

    def __str__(self) -> str:
        return f"{self.phase}.{self.name}"


POINTS = (
    Point("upload", "begun", f"SELECT 1 FROM upload {OF}"),
    Point("upload", "piece", PIECES.format(1)),
    Point("upload", "half", PIECES.format(4)),
    Point("admission", "asked"),
    Point("admission", "inbox", f"SELECT 1 FROM bid JOIN ledger_inbox ON entry = entry_id {OF}"),
    Point("admission", "placed", f"SELECT 1 FROM bid JOIN ledger_seq ON entry = entry_id {OF}"),
    Point("close", "due"),
    Point("close", "closed", f"SELECT 1 FROM close_document {OF}"),
    Point("close", "written", f"SELECT 1 FROM close_document {OF} AND raw IS NOT NULL"),
    Point("close", "stamped", f"SELECT 1 FROM close_document {OF} AND ready_at IS NOT NULL"),
    Point("release", "own-key"),
    Point("release", "bidder", f"SELECT 1 FROM bidder_release WHERE bid_id IN (SELECT id FROM bid {OF})"),
    Point("release", "asked"),
    Point("release", "custodian", f"SELECT 1 FROM custodian_release {OF}"),
    Point("opening", "started", f"SELECT 1 FROM opening {OF}"),
    Point(
        "opening",
        "first",
        f"SELECT 1 FROM bid_outcome WHERE outcome = 'OK' AND bid_id IN (SELECT id FROM bid {OF})",
    ),
    Point("opening", "read-out", f"SELECT 1 FROM opening {OF} AND read_out_at IS NOT NULL"),
    Point("opening", "record"),
    Point("draw", "asked"),
    Point("draw", "committed", f"SELECT 1 FROM draw_party {OF_DRAW}"),
    Point("draw", "frozen", "SELECT 1 FROM draw WHERE tender = %(code)s AND frozen_entry IS NOT NULL"),
    Point("draw", "revealed", f"SELECT 1 FROM draw_slip {OF_DRAW}"),
    Point("calls", "asked", "SELECT 1 FROM draw WHERE tender = %(code)s AND calls > 0"),
    Point("calls", "answered", f"SELECT 1 FROM draw_wave {OF_DRAW}"),
    Point(
        "arrival",
        "here",
        "SELECT 1 FROM panel_arrival JOIN draw ON ann = panel_arrival.draw WHERE tender = %(code)s",
    ),
    Point(
        "arrival",
        "seated",
        "SELECT 1 FROM panel_member JOIN panel ON panel.id = panel_id WHERE tender = %(code)s",
    ),
    Point("scores", "reviewed", f"SELECT 1 FROM review {OF}"),
    Point("scores", "saved", f"SELECT 1 FROM score_draft {OF}"),
    Point("scores", "locked", f"SELECT 1 FROM score_sheet {OF}"),
    Point("tie", "announced", "SELECT 1 FROM draw WHERE tender = %(code)s AND purpose = 'tie'"),
    Point(
        "tie",
        "frozen",
        "SELECT 1 FROM draw WHERE tender = %(code)s AND purpose = 'tie' AND frozen_entry IS NOT NULL",
    ),
    Point("report", "drawn-up", f"SELECT 1 FROM evaluation_report {OF}"),
    Point("report", "signed", ENTRY.format("evaluation.reported")),
    Point("award", "asked"),
    Point("award", "issued", ENTRY.format("award.issued")),
    Point("award", "told", ENTRY.format("loser.notified")),
)
PHASES = tuple(dict.fromkeys(point.phase for point in POINTS))
