"""The papers of a tender (招标文件): its words from the kind's texts, as a page, as PDF and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import typst

from bidding.tenders import fewer
from bidding.tenders.commands import DraftTender
from bidding.tenders.criteria import SCORING, tree_of
from trading.ledger import canonical
from trading.money import format_money, percent_of
from trading.rulebook.book import Rulebook
from trading.rulebook.calendar import BEIJING, beijing_date

LAYOUT = Path(__file__).parent / "document.typ"
LOCALES = ("zh_CN", "en")
KIND_WORDS = {
    "zh_CN": {"price": "价格", "objective": "客观", "subjective": "主观"},
    "en": {"price": "price", "objective": "objective", "subjective": "subjective"},
}
"""What a criterion is called by its kind, on paper"""
PDF, DATA = "tender-document.pdf", "tender-document.json"


def file_name(name: str, version: int) -> str:
    """The name of a paper in a version of the documents: the first has plain names."""
    stem, _, ending = name.rpartition(".")
    return name if version == 1 else f"{stem}-v{version}.{ending}"


def media_type(name: str) -> str:
    return "application/pdf" if name.endswith(".pdf") else "application/json"


@dataclass(frozen=True)
class Setting:
    """What surrounds a draft when its papers are made. `custodians` are the custodians' organisations,
    `policy_hash` is "" before the policy exists, `rules` is the evaluation's RULES object."""

    kind: Any
    tender: str
    transaction: str
    purchaser: str
    purchaser_address: str
    purchaser_contact: str
    agency: str
    agency_contact: str
    platform: Mapping[str, str]
    custodians: tuple[str, ...]
    threshold: int
    policy_hash: str
    publish_at: datetime
    rulebook: Rulebook
    rules: Mapping[str, Any]
    version: int = 1


def sections(draft: DraftTender, setting: Setting, locale: str) -> list[dict[str, Any]]:
    """The tender document in sections (see ITradeKind.document), in `rows` those of its table: the items or
    the criteria. Raises Refused `document.incomplete`."""
    texts = worded(draft, setting.kind, locale)
    document: list[dict[str, Any]] = setting.kind.document(
        placeholders(draft, texts, setting, locale), locale
    )
    rows = {"items": texts["items"], "criteria": criteria_rows(setting.rules, texts["criteria"], locale)}
    return [{**section, "rows": rows.get(section["table"], [])} for section in document]


def criteria_rows(
    rules: Mapping[str, Any], texts: Mapping[str, tuple[str, str]], locale: str
) -> list[dict[str, Any]]:
    """The published criteria as a table's rows: a group (its kind is "") above what it holds, `depth` tells
    how far in. `texts` are name and guidance by id where they are not the published ones."""

    def told(node: Mapping[str, Any], depth: int) -> list[dict[str, Any]]:
        name, guidance = texts.get(node["id"], (node.get("name") or node["id"], node.get("guidance", "")))
        kind = KIND_WORDS[locale][node["kind"]] if "kind" in node else ""
        row = {"id": node["id"], "name": name, "kind": kind, "weight": node["weight"], "max": node.get("max", ""),
               "guidance": guidance, "depth": depth}  # fmt: skip
        return [row, *(line for item in node.get("items", []) for line in told(item, depth + 1))]

    return [line for node in rules.get("criteria", []) for line in told(node, 0)]


def worded(draft: DraftTender, kind: Any, locale: str) -> dict[str, Any]:
    """The draft's own texts in a language. What was left as the template words it is known in English
    too; what the agent wrote stays as written."""
    texts: dict[str, Any] = {
        "project_name": draft.title,
        "items": draft.items,
        "criteria": criteria_words(draft, kind, locale),
        **{
            name: getattr(draft, name)
            for name in ("technical", "qualification", "payment_terms", "delivery_place")
        },
    }
    if not locale.startswith("zh"):
        source, other = (template_of(kind, draft.template, each) for each in LOCALES)
        known = source["values"]
        for name, text in texts.items():
            if name not in ("items", "criteria") and text.splitlines() == known[name].splitlines():
                texts[name] = other["values"][name]
        names = {
            (i["name"], i["unit"]): (o["name"], o["unit"])
            for i, o in zip(source["items"], other["items"], strict=True)
        }
        for item in texts["items"]:
            item["name"], item["unit"] = names.get((item["name"], item["unit"]), (item["name"], item["unit"]))
        texts["project_name"] = draft.title_en or texts["project_name"]
    texts["core_product"] = next(item["name"] for item in texts["items"] if item["core"])
    return texts


def criteria_words(draft: DraftTender, kind: Any, locale: str) -> dict[str, tuple[str, str]]:
    """Name and guidance by criterion's id, and groups' names by theirs, in a language other than Chinese,
    where they are as the template words them; empty in Chinese."""
    if locale.startswith("zh") or draft.evaluation != SCORING:
        return {}
    pairs = zip(*(template_of(kind, draft.template, each)["criteria"] for each in LOCALES), strict=True)
    known: dict[str, str] = {}
    for source, other in pairs:
        known |= {source[name]: other[name] for name in ("name", "guidance", "group") if name in source}
    told: dict[str, tuple[str, str]] = {}

    def put(nodes: list[dict[str, Any]]) -> None:
        for node in nodes:
            name, guidance = node.get("name") or node["id"], node.get("guidance", "")
            told[node["id"]] = (known.get(name, name), known.get(guidance, guidance))
            put(node.get("items", []))

    put(tree_of(draft.criteria))
    return told


def template_of(kind: Any, key: str, locale: str = "zh_CN") -> dict[str, Any]:
    """The kind's template of that key; raises KeyError."""
    for template in kind.templates(locale):
        if template["key"] == key:
            return dict(template)
    raise KeyError(key)


def placeholders(
    draft: DraftTender, texts: Mapping[str, Any], setting: Setting, locale: str
) -> dict[str, str]:
    """Every value that the kind's texts ask for, in words of the language."""
    zh = locale.startswith("zh")
    rules, book, day = setting.rules, setting.rulebook, beijing_date(setting.publish_at)
    lines, least = rules["abnormal"], rules["minimum"]
    subject = str(template_of(setting.kind, draft.template)["subject"])
    return {
        **{name: str(text) for name, text in texts.items() if name not in ("items", "criteria")},
        "tender_code": setting.tender,
        "transaction_code": setting.transaction,
        "purchaser_name": setting.purchaser,
        "purchaser_address": setting.purchaser_address or "—",
        "purchaser_contact": setting.purchaser_contact or "—",
        "agent_name": setting.agency,
        "agent_contact": setting.agency_contact or "—",
        "platform_name": setting.platform["zh_CN" if zh else "en"],
        "budget": format_money(draft.budget, locale),
        "ceiling": format_money(draft.ceiling, locale),
        "bid_security": format_money(draft.bid_security, locale),
        "bid_security_percent": f"{percent_of(draft.bid_security, draft.budget).normalize():f}",
        "performance_security": percent(draft.performance_security),
        "notice_from": day.isoformat(),
        "notice_until": draft.notice_until.isoformat(),
        "documents_from": day.isoformat(),
        "documents_until": draft.documents_until.isoformat(),
        "deadline": draft.deadline.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M"),
        **{
            name: str(getattr(draft, name))
            for name in (
                "delivery_days", "warranty_months", "bid_validity_days", "decryption_minutes", "explanation_minutes",
                "committee", "experts", "stacking", "vault_mode", "envelopes", "evaluation", "method",
            )
        },
        **scoring_words(draft, setting),
        "exclude_self": "true" if lines["exclude_self"] else "false",
        "micro_deduction": percent(draft.micro_deduction),
        "domestic_deduction": percent(draft.domestic_deduction),
        "low_mean": percent(Decimal(lines["mean"])),
        "low_second": percent(Decimal(lines["second"])),
        "low_ceiling": percent(Decimal(lines["ceiling"])),
        "security": "asked" if draft.bid_security else "none",
        "minimum_bidders": str(least),
        "two_words": fewer.words(draft, subject, book, setting.publish_at, zh),
        "minimum_qualified": str(min(least, book.rule("P7.qualified", day).integer)),
        "custodians": ("、" if zh else ", ").join(setting.custodians) or "—",
        "threshold": str(setting.threshold),
        "policy_hash": setting.policy_hash or ("待密钥保管方的密钥到齐后生成" if zh else "made when the custodians' keys are here"),
        "rulebook_version": book.version,
        "rulebook_sha256": book.sha256,
    }  # fmt: skip


def scoring_words(draft: DraftTender, setting: Setting) -> dict[str, str]:
    """What the texts of a scored tender ask for; of another they are not printed."""
    limits = setting.rules.get("outliers", {"ratio": "0", "modified_z": None})
    return {
        "subject": str(template_of(setting.kind, draft.template)["subject"]),
        "outlier": "both" if limits["modified_z"] else "ratio",
        "outlier_ratio": percent(Decimal(limits["ratio"])),
        "modified_z": limits["modified_z"] or "—",
    }


def percent(share: Decimal) -> str:
    """0.05 → "5 %"."""
    return f"{(share * 100).normalize():f} %"


def as_data(draft: DraftTender, setting: Setting) -> bytes:
    """The machine-readable tender document: canonical JSON with the texts in both languages."""
    return canonical.dumps(
        {
            "v": 1,
            "typ": "ebid.tender-document",
            "tender": setting.tender,
            "transaction": setting.transaction,
            "purchaser": setting.purchaser,
            "agency": setting.agency,
            "policy": setting.policy_hash,
            **({"version": setting.version} if setting.version > 1 else {}),
            "rulebook": {"version": setting.rulebook.version, "sha256": setting.rulebook.sha256},
            "terms": draft.model_dump(mode="json"),
            "evaluation": setting.rules,
            "text": {locale: sections(draft, setting, locale) for locale in LOCALES},
        }
    )


def as_pdf(draft: DraftTender, setting: Setting, fonts: str) -> bytes:
    """The tender document as PDF/A-2b, in Chinese. Same input, same bytes: the glyphs come from the folder
    `fonts`, not from the machine."""
    data = {
        "cover": setting.kind.document_name(draft.method, "zh_CN"),
        "title": draft.title if setting.version == 1 else f"{draft.title}（第 {setting.version} 版）",
        "code": setting.tender,
        "purchaser": setting.purchaser,
        "agency": setting.agency,
        "platform": setting.platform["zh_CN"],
        "date": beijing_date(setting.publish_at).isoformat(),
        "sections": sections(draft, setting, "zh_CN"),
    }
    made: bytes = typst.compile(
        LAYOUT.read_bytes(),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        font_paths=[fonts],
        ignore_system_fonts=True,
        pdf_standards=["a-2b"],
        timestamp=int(setting.publish_at.timestamp()),
    )
    return made
