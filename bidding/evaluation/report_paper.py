"""The report on paper (评标报告 PDF): the same figures as its page, the signed bytes inside, the hall's seal on it.

What the members signed is report.json; the paper carries it and the inputs as attachments, and lists the members'
signatures by seat and fingerprint. The signatures themselves stay in the regulator's tier of the bundle: their
certificates name the members, who are unknown until the result notice (M87 47).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from pyramid.i18n import make_localizer
from pyramid.interfaces import ITranslationDirectories

from bidding.evaluation import names, report_card
from bidding.evaluation.derivation import Line, render
from bidding.evaluation.models import EvaluationReport, ReportSignature
from bidding.evaluation.report_card import Card
from bidding.tenders.models import Tender
from trading.clock import BEIJING
from trading.errors import Refused
from trading.interfaces import IFileStore, ISigner
from trading.ledger import canonical
from trading.pdf_seal import sealed
from trading.web import _

LAYOUT = Path(__file__).parent / "report.typ"
RAW, INPUTS = "report.json", "inputs.json"
Translate = Callable[[Any], str]
KIND_WORDS = {"objective": _("objective"), "subjective": _("subjective")}


@dataclass(frozen=True)
class Paper:
    """One report read for printing; `say` puts words into the paper's language."""

    tender: Tender
    drawn: EvaluationReport
    signatures: Sequence[ReportSignature]
    platform: str
    say: Translate
    sealed: bool = False

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = canonical.loads(self.drawn.raw)
        return found

    @property
    def seats(self) -> dict[str, int]:
        return {row["member"]: row["seat"] for row in self.document["committee"]}

    def bidder(self, bid: str) -> str:
        name: str = self.document["bidders"][bid]["name"]
        return name


def delivered(
    registry: Any,
    tender: Tender,
    drawn: EvaluationReport,
    signatures: Sequence[ReportSignature],
    at: datetime,
) -> bytes:
    """The paper of a delivered report, sealed when it is first asked for and the same from then on. A hall
    without a seal (setting `signatures.signer`) hands out the paper without one."""
    store, key = registry.getUtility(IFileStore), f"reports/{drawn.sha256}.pdf"
    try:
        kept: bytes = store.get(key)
        return kept
    except KeyError:
        pass
    say = make_localizer("zh_CN", registry.queryUtility(ITranslationDirectories, default=[])).translate
    signer = registry.queryUtility(ISigner)
    paper = Paper(tender, drawn, signatures, registry.settings["hall.name"], say, signer is not None)
    pdf = as_pdf(paper, registry.settings["hall.fonts"])
    if signer is None:
        return pdf
    # Somebody may have asked at the same moment: whose paper was kept first is the one that counts.
    with suppress(Refused):
        store.put(key, sealed(pdf, signer, at))
    first: bytes = store.get(key)
    return first


def as_pdf(paper: Paper, fonts: str) -> bytes:
    """The report as PDF/A-3b, in Chinese, without a seal. Same report, same bytes."""
    finished = paper.drawn.delivered_at or paper.drawn.drawn_up_at
    made: bytes = typst.compile(
        LAYOUT.read_bytes(),
        sys_inputs={"data": json.dumps(contents(paper), ensure_ascii=False)},
        font_paths=[fonts],
        ignore_system_fonts=True,
        pdf_standards=["a-3b"],
        timestamp=int(finished.timestamp()),
    )
    return made


def contents(paper: Paper) -> dict[str, Any]:
    """Everything that the layout prints."""
    document, tender = paper.document, paper.tender
    result = document["result"]
    cards = report_card.cards(document, canonical.loads(paper.drawn.inputs))
    return {
        "title": tender.title,
        "code": tender.code,
        "platform": paper.platform,
        "facts": _facts(paper),
        "outcome": _outcome(paper, result),
        "ranking": _ranking(paper, result, bool(cards)),
        "rejected": [
            f"{paper.bidder(row['id'])}：{paper.say(names.name(row['ground']))}"
            f"（{paper.say(names.article(row['article']))}）"
            for row in result["rejected"]
        ],
        "cards": [_card(paper, card) for card in cards],
        "firm": _firm(paper, result) if cards else {},
        "dissent": _dissent(paper),
        "derivations": [
            {"name": paper.bidder(bid), "lines": [_line(paper, raw) for raw in lines]}
            for bid, lines in document["derivations"].items()
        ],
        "signatures": [_signature(paper, row) for row in document["committee"]],
        "sha256": paper.drawn.sha256,
        "sealed": paper.sealed,
        "files": [
            {"name": RAW, "text": paper.drawn.raw.decode(), "about": "评委签署的评标报告"},
            {"name": INPUTS, "text": paper.drawn.inputs.decode(), "about": "评审输入数据"},
        ],
    }


def _facts(paper: Paper) -> list[tuple[str, str]]:
    tender, finished = paper.tender, paper.drawn.delivered_at
    rows = [
        ("项目编号", tender.code),
        ("采购人", tender.tenderer.name),
        ("采购代理机构", tender.agency.name),
        ("报告生成", _time(paper.drawn.drawn_up_at)),
    ]
    return rows + ([("报告提交", _time(finished))] if finished else [])


def _outcome(paper: Paper, result: Mapping[str, Any]) -> str:
    words = paper.say(names.OUTCOMES[result["outcome"]])
    if not result["failure"]:
        return words
    failure = result["failure"]
    return (
        f"{words}：{paper.say(names.name(failure['code']))}（{paper.say(names.article(failure['article']))}）"
    )


def _ranking(paper: Paper, result: Mapping[str, Any], scored: bool) -> dict[str, Any]:
    header = ["名次", "投标人", "投标报价（元）", "评审价（元）"] + (["总得分"] if scored else [])
    rows = [
        [str(row["rank"]), paper.bidder(row["id"]), f"{_money(row['bid_price'])}", _money(row["evaluation_price"])]
        + ([row["total"]["points"]] if scored else [])
        for row in result["ranking"]
    ]  # fmt: skip
    return {"header": header, "rows": rows}


def _card(paper: Paper, card: Card) -> dict[str, Any]:
    seats = [f"{paper.seats[mark.member]} 席" for mark in card.rows[0].marks]
    rows = [
        [
            f"{row.name}（{paper.say(KIND_WORDS[row.kind])}，满分 {row.max}）",
            *(f"{'● ' if mark.rules else ''}{mark.score}" for mark in row.marks),
            row.mean,
            row.weight,
            row.points,
        ]
        for row in card.rows
    ]
    price = card.price
    place = f"第 {card.rank} 名　" if card.rank else ""
    return {
        "title": f"{place}{paper.bidder(card.bid)}　总得分 {card.total}",
        "price": f"{price.name}：{price.benchmark} ÷ {price.price} × {price.weight} = {price.points}（精确值 {price.exact}）",
        "header": ["评审因素", *seats, "平均", "权重", "得分"],
        "rows": rows,
        "notes": [f"总得分精确值 {card.exact}", *_flags(paper, card), *_corrections(paper, card)],
    }


def _flags(paper: Paper, card: Card) -> list[str]:
    return [
        f"● {row.name}，{paper.seats[mark.member]} 席，{mark.score}："
        f"{'、'.join(paper.say(names.name(rule)) for rule in mark.rules)}。理由：{mark.reason or '—'}"
        for row, mark in card.flagged
    ]


def _corrections(paper: Paper, card: Card) -> list[str]:
    called = {row.item: row.name for row in card.rows}
    return [
        f"修改 {each['number']}：{called[each['item']]}，{paper.seats[each['member']]} 席，"
        f"{each['before']} → {each['after']}，{paper.say(names.SCORE_WORDS[each['ground']])}。{each['reason']}"
        for each in paper.document["score_corrections"]
        if each["bid"] == card.bid
    ]


def _firm(paper: Paper, result: Mapping[str, Any]) -> dict[str, Any]:
    """The places of all, and without each member."""
    places = [f"第 {number} 名" for number in range(1, len(result["ranking"]) + 1)]

    def cells(ranking: Sequence[Mapping[str, Any]]) -> list[str]:
        found = [paper.bidder(row["id"]) for row in ranking[: len(places)]]
        return found + [""] * (len(places) - len(found))

    rows = [["全体评委", *cells(result["ranking"]), ""]]
    for entry in result["sensitivity"]:
        changed = "第一名改变" if entry["changes_first"] else "第一名不变"
        rows.append([f"去掉 {paper.seats[entry['without']]} 席", *cells(entry["ranking"]), changed])
    return {"header": ["评分范围", *places, "结论"], "rows": rows}


def _dissent(paper: Paper) -> list[str]:
    """Votes of a minority, and what members wrote when they signed (M87 61)."""
    votes = [
        f"{paper.seats[row['member']]} 席，{paper.bidder(row['bid'])}，{row['item']}：{row['reason']}"
        for row in paper.document["dissent"]
    ]
    return votes + [
        f"{paper.seats[each.member]} 席，签署时：{each.dissent}" for each in paper.signatures if each.dissent
    ]


def _line(paper: Paper, raw: Mapping[str, Any]) -> str:
    return render(Line(raw["code"], tuple(raw["values"].items())), lambda msgid: paper.say(_(msgid)))


def _signature(paper: Paper, row: Mapping[str, Any]) -> dict[str, str]:
    signed = next((each for each in paper.signatures if each.member == row["member"]), None)
    role = paper.say(names.KINDS[row["role"]])
    return {
        "seat": f"{row['seat']} 席",
        "role": f"{role}（组长）" if row["head"] else role,
        "at": _time(signed.signed_at) if signed else "—",
        "sha256": hashlib.sha256(signed.cms).hexdigest() if signed else "—",
    }


def _money(text: str) -> str:
    whole, point, places = text.partition(".")
    return f"{int(whole):,}{point}{places}"


def _time(at: datetime) -> str:
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
