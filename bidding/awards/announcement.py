"""The words of result, award and contract notices in both languages (中标公告、合同公告). Pure.

A notice is published in Chinese and English at once, whoever reads it: so its words are data here, not
messages of the reader's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bidding.awards.standings import Place
from trading.clock import BEIJING
from trading.deals.days import last_day_before

GROUNDS = {
    "not-qualified": ("未通过资格审查", "does not meet the qualification conditions"),
    "left": ("未提交最后报价，退出磋商或者谈判", "has left without a final offer"),
    "price-sheet-invalid": ("报价文件不能采用", "the price sheet cannot be used"),
    "not-responsive": ("不满足实质性要求", "does not meet a substantive requirement"),
    "correction-not-confirmed": (
        "投标人未确认修正后的报价",
        "the bidder did not confirm the corrected price",
    ),
    "above-ceiling": ("报价超过最高限价或者预算", "the price is above the ceiling or the budget"),
    "abnormally-low": ("报价明显偏低且未能证明其合理性", "abnormally low price that was not justified"),
    "same-brand": ("同品牌产品中另一投标人参加评标", "another bid of the same brand takes part"),
    "outranked": ("排名在中标人之后", "ranked behind the winner"),
    "not-opened": ("投标文件未能解密", "the bid could not be opened"),
}

ZH = {
    "result": "{title}（{tender}）的评标结果已由采购人确认，现公告中标结果。",
    "winner": "中标供应商：{name}（统一社会信用代码 {bidder}），中标金额：人民币 {price} 元。",
    "winner-scored": "中标供应商：{name}（统一社会信用代码 {bidder}），中标金额：人民币 {price} 元，评审总得分：{total} 分。",
    "rank-scored": "第 {rank} 名：{name}，投标报价 {price} 元。",
    "rank": "第 {rank} 名：{name}，投标报价 {price} 元，评审价 {evaluation} 元。",
    "excluded": "未列入排名：{name}，原因：{ground}（{article}）。",
    "committee": "评标委员会成员：{names}。",
    "period": "本公告期限为 1 个工作日，至 {until} 24 时止。",
    "query": "供应商认为中标结果使自己的权益受到损害的，可以在公告期限届满之日起 7 个工作日内以书面形式提出质疑（政府采购法第 52 条）。",
    "contacts": "采购人：{buyer}。采购代理机构：{agency}。",
    "next": "原中标供应商放弃中标（{reason}）。按照评标报告的候选人排序，确定第 {rank} 名为中标供应商（政府采购法实施条例第 49 条）。",
    "voided": "监管部门决定 {order} 认定原中标无效（{reason}）。按照评标报告的候选人排序，确定第 {rank} 名为中标供应商。",
    "contract": "{title}（{tender}）的采购合同已于 {day} 签订。供应商：{name}，合同金额：人民币 {price} 元。",
    "contract-hash": "合同文本的 SHA-256 摘要：{sha256}。",
    "failed": "中标供应商放弃中标（{reason}），已没有其他中标候选人，本项目废标（政府采购法实施条例第 49 条）。",
}
EN = {
    "result": "The purchaser has confirmed the evaluation of {title} ({tender}). This is the result.",
    "winner": "Winner: {name} (unified social credit code {bidder}), price CNY {price}.",
    "winner-scored": "Winner: {name} (unified social credit code {bidder}), price CNY {price}, total score {total}.",
    "rank-scored": "Rank {rank}: {name}, bid price CNY {price}.",
    "rank": "Rank {rank}: {name}, bid price CNY {price}, evaluation price CNY {evaluation}.",
    "excluded": "Not ranked: {name}, because: {ground} ({article}).",
    "committee": "Members of the evaluation committee: {names}.",
    "period": "This notice runs for one working day, until the end of {until}.",
    "query": "A supplier that considers itself harmed by the result may raise a written query within 7 working days after the end of this notice (Government Procurement Law art. 52).",
    "contacts": "Purchaser: {buyer}. Agency: {agency}.",
    "next": "The winner has given the award up ({reason}). By the ranking of the evaluation report the award goes to rank {rank} (Implementing Regulation of the Government Procurement Law art. 49).",
    "voided": "Order {order} of the supervising authority voids the earlier award ({reason}). By the ranking of the evaluation report the award goes to rank {rank}.",
    "contract": "The contract of {title} ({tender}) was signed on {day}. Supplier: {name}, price CNY {price}.",
    "contract-hash": "SHA-256 of the contract: {sha256}.",
    "failed": "The winner has given the award up ({reason}) and no other candidate is left: the tender has failed (Implementing Regulation of the Government Procurement Law art. 49).",
}
ARTICLES_ZH = {
    "M87": "财政部令第 87 号第 {} 条",
    "GPL": "政府采购法第 {} 条",
    "GPR": "政府采购法实施条例第 {} 条",
    "M74": "财政部令第 74 号第 {} 条",
    "K214": "财库〔2014〕214号第 {} 条",
    "TBR": "招标投标法实施条例第 {} 条",
    "Order 20": "国家发展改革委令 2013 年第 20 号第 {} 条",
}

Text = dict[str, list[str]]
"""{"zh": [paragraph…], "en": [paragraph…]}, as the notice board shows it."""


@dataclass(frozen=True)
class Heading:
    """What every one of these notices names."""

    tender: str
    title: str
    title_en: str
    buyer: str
    agency: str


def _both(heading: Heading, rows: Sequence[tuple[str, Mapping[str, object], Mapping[str, object]]]) -> Text:
    """The paragraphs; each row is a key with what its Chinese and its English words need."""
    about = {"tender": heading.tender, "buyer": heading.buyer, "agency": heading.agency}
    zh = about | {"title": heading.title}
    en = about | {"title": heading.title_en or heading.title}
    return {
        "zh": [ZH[key].format_map({**zh, **chinese}) for key, chinese, _ in rows],
        "en": [EN[key].format_map({**en, **english}) for key, _, english in rows],
    }


def result_text(
    heading: Heading, places: Sequence[Place], winner: Place, committee: Sequence[str], until: datetime
) -> Text:
    """The result notice: winner, ranking, the excluded with their reasons, the committee's names, the period."""
    rows = [_same("result"), _winner(winner)]
    rows += [_ranked(place) if place.rank is not None else _excluded(place) for place in places]
    if committee:
        rows.append(("committee", {"names": "、".join(committee)}, {"names": ", ".join(committee)}))
    rows += [_same("period", until=last_day_before(until).isoformat()), _same("query"), _same("contacts")]
    return _both(heading, rows)


def next_text(heading: Heading, winner: Place, reason: str, order: str = "") -> Text:
    """The notice that the award has passed to the next in rank: the winner gave up, or `order` voided it."""
    why = _same("voided" if order else "next", reason=reason, rank=winner.rank, order=order)
    return _both(heading, [why, _winner(winner), _same("contacts")])


def failed_text(heading: Heading, reason: str) -> Text:
    """The notice that nobody is left."""
    return _both(heading, [_same("failed", reason=reason), _same("contacts")])


def contract_text(heading: Heading, name: str, price: Decimal, signed: datetime, sha256: str) -> Text:
    """The contract notice."""
    day = signed.astimezone(BEIJING).date().isoformat()
    rows = [
        _same("contract", name=name, price=f"{price:,.2f}", day=day),
        _same("contract-hash", sha256=sha256),
        _same("contacts"),
    ]
    return _both(heading, rows)


def ground_words(ground: str, english: bool) -> str:
    """The words of a ground; the ground itself when there are none."""
    return GROUNDS.get(ground, (ground, ground))[english]


def article_words(article: str, english: bool) -> str:
    """`M87 63(3)` as people read it."""
    instrument, _, number = article.rpartition(" ")
    if english or instrument not in ARTICLES_ZH:
        return article
    return ARTICLES_ZH[instrument].format(number)


def _same(key: str, **values: object) -> tuple[str, dict[str, object], dict[str, object]]:
    return key, values, values


def _winner(winner: Place) -> tuple[str, dict[str, object], dict[str, object]]:
    about = {"name": winner.bid.name, "bidder": winner.bid.bidder, "price": _yuan(winner.price)}
    if winner.score is not None:
        return _same("winner-scored", total=winner.score.total, **about)
    return _same("winner", **about)


def _ranked(place: Place) -> tuple[str, dict[str, object], dict[str, object]]:
    """The others' scores are told to themselves alone (M87 69)."""
    if place.score is not None:
        return _same("rank-scored", rank=place.rank, name=place.bid.name, price=_yuan(place.price))
    return _same(
        "rank",
        rank=place.rank,
        name=place.bid.name,
        price=_yuan(place.price),
        evaluation=_yuan(place.evaluation_price),
    )


def _excluded(place: Place) -> tuple[str, dict[str, object], dict[str, object]]:
    def words(english: bool) -> dict[str, object]:
        ground, article = ground_words(place.ground, english), article_words(place.article, english)
        return {"name": place.bid.name, "ground": ground, "article": article}

    return "excluded", words(False), words(True)


def _yuan(money: str | None) -> str:
    return f"{Decimal(money or '0'):,.2f}"
