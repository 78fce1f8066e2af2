"""What a tender's audit bundle is made of (审计材料): stored bytes with their path in the bundle.

docs/protocols/bundle.md fixes paths and tiers. Nothing is computed here: what was signed or received is
handed out as it is stored. Only for tenders whose bids are laid open (after the close)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.awards import countersigning
from bidding.awards.models import Award, Candidate
from bidding.deposits import decisions as deposit_decisions
from bidding.deposits import returns as deposits
from bidding.evaluation import progress
from bidding.evaluation.models import (
    EvaluationReport,
    ReportSignature,
    Review,
    ScoreFacts,
    ScorePaper,
    ScoreSheet,
    facts_purpose,
    sheet_purpose,
)
from bidding.invitations import service as invitations
from bidding.invitations.models import Invitation
from bidding.offers import standing
from bidding.opening.models import EnvelopeOutcome, Opening, SecondOpening
from bidding.tenders import versions
from bidding.tenders.models import Tender
from bidding.tenders.questions import asked_of, clarified
from bidding.vault.close import parse_close
from bidding.vault.encoding import b64, sha256
from bidding.vault.keys import part_key
from bidding.vault.manifest import Manifest, parse_manifest
from bidding.vault.models import Bid, BidderRelease, CustodianKey, Outcome, Release
from bidding.vault.policy import Policy
from bidding.vault.receipt import parse_receipt
from bidding.vault.receipts import receipt_of
from bidding.vault.service import Means, admitted, close_of, part_reader, policy_of
from expert_pool.selection import replacing
from expert_pool.selection import service as selection
from expert_pool.selection.models import Panel, PanelDemand, PanelMember
from trading.clock import rfc3339
from trading.draws import showing as draws
from trading.interfaces import IFileStore
from trading.ledger import canonical
from trading.ledger.checkpoint import parse_checkpoint
from trading.ledger.service import entries_of, leaf_index
from trading.notices import service as notices
from trading.secrets import HallKeys
from trading.supervision import orders, papers

REVIEW_FOLDERS = {"qualification": "reviews", "conformity": "reviews", "abnormal": "judgements"}
"""where the signed papers of each step lie"""


@dataclass(frozen=True)
class Exhibit:
    """One file of the bundle; `secret` ones are of the regulator's tier."""

    path: str
    content: bytes | Path
    secret: bool = False


def signed(path: str, raw: bytes, cms: bytes | None, *, secret: bool = False) -> Iterator[Exhibit]:
    """A document and the signature beside it."""
    yield Exhibit(path + ".json", raw, secret)
    if cms is not None:
        yield Exhibit(path + ".p7s", cms, secret)


def all_of(session: Session, registry: Any, tender: Tender, folder: Path) -> Iterator[Exhibit]:
    """Every exhibit of a tender, as far as it has come; large ones lie in `folder`."""
    yield from of_tender(session, registry, tender)
    yield from of_bids(session, registry, tender, folder)
    yield from of_opening(session, registry, tender)
    yield from of_offers(session, tender)
    if not tender.prices_of:  # those are compared in the bundle of their works
        yield from of_evaluation(session, registry["keys"], tender)
    yield from of_result(session, registry, tender)
    yield from of_supervision(session, tender)
    yield from of_deposits(session, registry, tender)
    yield from of_draws(session, registry["keys"], tender)
    yield from of_invitation(session, registry["keys"], tender)


def of_sealed(session: Session, registry: Any, tender: Tender) -> Iterator[Exhibit]:
    """The exhibits of a tender that ended unopened, for the public: nothing of whoever bid in vain."""
    yield from of_tender(session, registry, tender)
    yield from of_custodians(session, tender)
    yield from of_supervision(session, tender)
    yield from of_draws(session, registry["keys"], tender)
    yield from of_invitation(session, registry["keys"], tender)


def of_tender(session: Session, registry: Any, tender: Tender) -> Iterator[Exhibit]:
    """tender/: notice, documents, policy, evaluation rules of the version that counts, the replaced versions
    in folders of their own, clarifications, and the documents' files of every version."""
    *replaced, newest = versions.versions(session, tender)
    for version in replaced:
        yield from of_version(f"tender/v{version.number}", version)
    yield from of_version("tender", newest)
    for question in clarified(session, tender):
        path = f"tender/clarifications/{question.number}"
        yield from signed(path, stored(question.body), question.cms)
    store = registry.getUtility(IFileStore)
    for document in notices.documents_of(session, tender.code):
        yield Exhibit(f"tender/files/{document.name}", store.get(notices.file_key(document.sha256)))


def of_version(folder: str, version: versions.Version) -> Iterator[Exhibit]:
    """One version of the published documents."""
    yield from signed(f"{folder}/notice", version.notice, version.notice_cms)
    yield from signed(f"{folder}/policy", version.policy, version.policy_cms)
    yield Exhibit(f"{folder}/documents.json", version.documents)
    yield Exhibit(f"{folder}/evaluation.json", version.evaluation)


def of_bids(session: Session, registry: Any, tender: Tender, folder: Path) -> Iterator[Exhibit]:
    """bids/ and withdrawals/: as received, with their receipts; ciphertext of those that count."""
    means = Means.of(registry)
    policy = policy_of(session, tender)
    store = registry.getUtility(IFileStore)
    for bid in acts(session, tender):
        place, name = ("bids", "bid") if bid.kind == "bid" else ("withdrawals", "withdraw")
        base = f"{place}/{bid.manifest_hash}"
        yield from signed(f"{base}/{name}", stored(bid.manifest), bid.cms)
        receipt = receipt_of(session, means, tender, bid)
        if receipt is not None:
            yield Exhibit(f"{base}/receipt.json", receipt)
        if bid.kind == "bid" and bid.status == "valid":
            yield from of_parts(store, policy, bid, base, folder)


def of_parts(store: Any, policy: Policy, bid: Bid, base: str, folder: Path) -> Iterator[Exhibit]:
    """A bid's ciphertexts; confidential parts are for the regulator."""
    for part in parse_manifest(stored(bid.manifest)).parts:
        reader = part_reader(store, bid, part.name, part.size)
        copy = folder / f"{bid.id}.{part.name}"
        buffer = bytearray(1 << 20)
        with copy.open("wb") as file:
            while length := reader.readinto(buffer):
                file.write(memoryview(buffer)[:length])
        secret = not policy.part(part.name).public_after_open
        yield Exhibit(f"{base}/parts/{part.name}.bin", copy, secret)


def of_opening(session: Session, registry: Any, tender: Tender) -> Iterator[Exhibit]:
    """opening/: close, key statements, releases, keys of public parts, outcomes, record."""
    yield from of_custodians(session, tender)
    close = close_of(session, tender)
    if close is None or close.raw is None:
        return
    yield Exhibit("opening/close.json", close.raw)
    if close.token is not None:
        yield Exhibit("opening/close.tst", close.token)
    for release in session.scalars(select(Release).where(Release.tender_id == tender.id)):
        name = f"opening/releases/{sha256(release.raw).hex()}"
        yield from signed(name, release.raw, release.cms, secret=True)
    own = select(BidderRelease).join(Bid).where(Bid.tender_id == tender.id)
    for release_by_bidder in session.scalars(own):
        name = f"opening/bidder-releases/{sha256(release_by_bidder.raw).hex()}"
        yield from signed(name, release_by_bidder.raw, release_by_bidder.cms, secret=True)
    yield from of_second(session, tender)
    yield Exhibit("opening/ceks.json", canonical.dumps(public_keys(session, tender)))
    opening = session.scalars(select(Opening).where(Opening.tender_id == tender.id)).first()
    if opening is not None and opening.record is not None:
        yield from signed("opening/record", opening.record, opening.record_cms)
        yield Exhibit("opening/outcomes.json", stored(opening.outcomes))


def of_custodians(session: Session, tender: Tender) -> Iterator[Exhibit]:
    """opening/keys/: the custodians' key statements."""
    for key in session.scalars(select(CustodianKey).where(CustodianKey.tender_id == tender.id)):
        later = f".{key.number}" if key.number > 1 else ""
        yield from signed(f"opening/keys/{key.stage}-{key.index}{later}", key.raw, key.cms)


def of_second(session: Session, tender: Tender) -> Iterator[Exhibit]:
    """opening/second: the act that opened the second envelopes, and what came of them."""
    row = session.scalars(select(SecondOpening).where(SecondOpening.tender_id == tender.id)).first()
    if row is not None:
        yield from signed("opening/second", row.act, row.cms)
    if row is not None and row.outcomes is not None:
        yield Exhibit("opening/second-outcomes.json", row.outcomes)


def public_keys(session: Session, tender: Tender) -> list[dict[str, str]]:
    """The content keys of the public parts of every opened bid: each opens that part only."""
    policy = policy_of(session, tender)
    rows = session.execute(
        select(Bid, Outcome).join(Outcome).where(Bid.tender_id == tender.id, Outcome.outcome == "OK")
    )
    later = second_keys(session, tender)
    keys = []
    for bid, outcome in rows:
        manifest: Manifest = parse_manifest(stored(bid.manifest))
        for part in manifest.parts:
            key = outcome.stage_key if part.stage == policy.stages[0].name else later.get(bid.id)
            if policy.part(part.name).public_after_open and key is not None:
                cek = part_key(key, manifest.binding, part.name)
                keys.append({"manifest": manifest.hash.hex(), "part": part.name, "cek": b64(cek)})
    return sorted(keys, key=lambda key: (key["manifest"], key["part"]))


def second_keys(session: Session, tender: Tender) -> dict[Any, bytes]:
    """The stage keys of second envelopes that have been read out, by the bid's id."""
    rows = session.execute(
        select(EnvelopeOutcome)
        .join(Bid, Bid.id == EnvelopeOutcome.bid_id)
        .join(SecondOpening, SecondOpening.tender_id == Bid.tender_id)
        .where(Bid.tender_id == tender.id, SecondOpening.read_out_at.is_not(None))
        .where(EnvelopeOutcome.outcome == "OK", EnvelopeOutcome.stage_key.is_not(None))
    )
    return {row.bid_id: row.stage_key for (row,) in rows}


def withheld(session: Session, tender: Tender) -> bool:
    """Whether prices and who remains are still the regulator's alone: in a consultation or negotiation until a result
    is published (GPL 38(4)). An award that falls later takes nothing back."""
    return standing.talks(tender) and not acts_of(session, tender, "result.published")


def unnamed(session: Session, tender: Tender) -> bool:
    """Whether the committee that counts is not named yet: no result since it was seated (M87 47, 69)."""
    told = acts_of(session, tender, "result.published")
    seated = acts_of(session, tender, "panel.imported", "panel.seated")
    return not told or bool(seated and seated[-1] > told[-1])


def acts_of(session: Session, tender: Tender, *kinds: str) -> list[int]:
    """The entries of these types about a tender, in the ledger's order."""
    return [one.id for one in entries_of(session, tender.code) if one.entry.type in kinds]


def of_offers(session: Session, tender: Tender) -> Iterator[Exhibit]:
    """offers/: the host's call for final offers. The offers themselves are a bundle of their own."""
    offers = standing.offers_of(session, tender)
    if offers is not None and offers.call_cms is not None:
        yield from signed(
            "offers/call", stored(offers.call), offers.call_cms, secret=withheld(session, tender)
        )


def of_evaluation(session: Session, keys: HallKeys, tender: Tender) -> Iterator[Exhibit]:
    """evaluation/: the committee, its signed reviews, inputs and report. A certificate tells a name: until the result
    notice the public gets neither committee nor signatures."""
    nameless, hidden = unnamed(session, tender), withheld(session, tender)
    for number, panel in enumerate(selection.panels_of(session, tender.code), start=1):
        earlier = f"earlier-{number}/" if panel.replaced_at is not None else ""
        if panel.panel_sha256:
            yield Exhibit(f"evaluation/{earlier}panel.json", selection.document_of(keys, panel), nameless)
    yield from of_committee(session, tender)
    yield from of_replacements(session, keys, tender)
    for review in session.scalars(select(Review).where(Review.tender_id == tender.id)):
        if review.step in REVIEW_FOLDERS:
            name = f"evaluation/{REVIEW_FOLDERS[review.step]}/{sha256(review.raw).hex()}"
            yield from signed(name, review.raw, review.cms, secret=True)
    yield from of_scoring(session, keys, tender)
    for report in session.scalars(select(EvaluationReport).where(EvaluationReport.tender_id == tender.id)):
        # An evaluation that the authority had made anew stays beside the one that counts.
        folder = "evaluation/" + (f"earlier-{report.round}/" if report.round < tender.round else "")
        void = report.void_at is not None
        if void:
            folder = f"evaluation/void-{report.sha256}/"
        elif folder != "evaluation/" and report.delivered_at is None:
            continue
        yield Exhibit(f"{folder}inputs.json", report.inputs, void or hidden)
        yield Exhibit(f"{folder}report.json", report.raw, void or hidden)
        for signature in session.scalars(
            select(ReportSignature).where(ReportSignature.report_id == report.id)
        ):
            yield Exhibit(f"{folder}report.{signature.member}.p7s", signature.cms, void or nameless)


def of_committee(session: Session, tender: Tender) -> Iterator[Exhibit]:
    """evaluation/demands/, promises/, recusals/: what a drawn committee was asked for, what its members promised, and
    who said that it must step aside."""
    for demand in session.scalars(select(PanelDemand).where(PanelDemand.tender == tender.code)):
        yield Exhibit(f"evaluation/demands/{demand.sha256}.json", demand.raw)
    promised = select(PanelMember).join(Panel).where(Panel.tender == tender.code)
    for member in session.scalars(promised.where(PanelMember.promise.is_not(None))):
        raw = stored(member.promise)
        name = f"evaluation/{'promises' if member.signed_in_at else 'recusals'}/{sha256(raw).hex()}"
        yield from signed(name, raw, member.promise_cms, secret=True)


def of_replacements(session: Session, keys: HallKeys, tender: Tender) -> Iterator[Exhibit]:
    """evaluation/replacements/: who had a member replaced, why, and the document that it rests on, for the regulator."""
    for panel in selection.panels_of(session, tender.code):
        for row in replacing.replacements_of(session, panel):
            raw = replacing.document_of(tender.code, row)
            yield Exhibit(f"evaluation/replacements/{sha256(raw).hex()}.json", raw, True)
            paper = papers.find(session, tender.code, row.document)
            if paper is not None:
                yield Exhibit(f"evaluation/replacements/{row.document}", papers.read(keys, paper)[1], True)
    yield from of_stops(session, keys, tender)


def of_stops(session: Session, keys: HallKeys, tender: Tender) -> Iterator[Exhibit]:
    """The same of an evaluation that was stopped for want of a member."""
    for one in entries_of(session, tender.code) if tender.round > 1 else ():
        known = one.payloads[0] if one.entry.type == "evaluation.reopened" and one.payloads else None
        digest = canonical.loads(known.raw).get("stop") if known is not None and known.raw else None
        if digest and (reason := papers.find(session, tender.code, digest)) is not None:
            raw = papers.read(keys, reason)[1]
            yield Exhibit(f"evaluation/replacements/{digest}.json", raw, True)
            name = canonical.loads(raw)["document"]
            if (paper := papers.find(session, tender.code, name)) is not None:
                yield Exhibit(f"evaluation/replacements/{name}", papers.read(keys, paper)[1], True)


def of_scoring(session: Session, keys: HallKeys, tender: Tender) -> Iterator[Exhibit]:
    """evaluation/score-facts/, scores/, score-reasons/, score-corrections/: what members signed, for the regulator, and not
    before every member has locked."""
    scoring = progress.load(session, keys, tender).scoring
    sheets = select(ScoreSheet).where(ScoreSheet.tender_id == tender.id)
    if scoring is not None and not scoring.complete:
        sheets = sheets.where(ScoreSheet.round < tender.round)
    for sheet in session.scalars(sheets):
        raw = keys.unseal(sheet.sealed, sheet_purpose(sheet))
        yield from signed(f"evaluation/scores/{sheet.sha256}", raw, sheet.cms, secret=True)
    for facts in session.scalars(select(ScoreFacts).where(ScoreFacts.tender_id == tender.id)):
        if facts.round < tender.round or (scoring is not None and scoring.complete):
            raw = keys.unseal(facts.sealed, facts_purpose(facts))
            yield from signed(f"evaluation/score-facts/{facts.sha256}", raw, facts.cms, secret=True)
    for paper in session.scalars(select(ScorePaper).where(ScorePaper.tender_id == tender.id)):
        folder = f"evaluation/earlier-{paper.round}/" if paper.round < tender.round else "evaluation/"
        name = (
            f"evaluation/score-reasons/{paper.sha256}"
            if paper.kind == progress.REASON
            else f"{folder}score-corrections/{paper.number}"
        )
        yield from signed(name, paper.raw, paper.cms, secret=True)


def of_draws(session: Session, keys: HallKeys, tender: Tender) -> Iterator[Exhibit]:
    """draws/: what was announced, committed to and acknowledged in every draw."""
    for file in draws.files(session, keys, tender.code):
        yield Exhibit(*file)


def of_invitation(session: Session, keys: HallKeys, tender: Tender) -> Iterator[Exhibit]:
    """invited/: candidates and record of an invited tender; the regulator's alone before the result."""
    row = session.get(Invitation, tender.id)
    if row is None or row.recorded_at is None:
        return
    held = invitations.papers_of(keys, row)
    secret = not acts_of(session, tender, "result.published")  # an award that falls later takes nothing back
    yield Exhibit("invited/list.json", held["list"], secret)
    yield Exhibit("invited/record.json", held["record"], secret)
    signatures = [witness.cms for witness in invitations.witnesses_of(session, tender) if witness.cms]
    for number, cms in enumerate(signatures, start=1):
        yield Exhibit(f"invited/record.{number}.p7s", cms, secret)


def of_result(session: Session, registry: Any, tender: Tender) -> Iterator[Exhibit]:
    """result/: the result notice, the awards in their order, the supplier's signature under the contract."""
    for notice in notices.notices_of(session, tender.code):
        if notice.kind == "result":
            made_in = session.scalar(
                select(Candidate.round)
                .join(Award, Award.candidate_id == Candidate.id)
                .where(Award.result_notice_id == notice.id)
            )
            earlier = made_in is not None and made_in < tender.round
            yield from signed(
                f"result/earlier-{made_in}" if earlier else "result/result", notice.body, notice.cms
            )
    countersigned = countersigning.of_tender(session, registry, tender)
    if countersigned is not None:
        yield from signed("result/contract", countersigned.raw, countersigned.cms)
    awards = select(Award).where(Award.tender_id == tender.id, Award.issued_at.is_not(None))
    for number, award in enumerate(session.scalars(awards.order_by(Award.issued_at)), start=1):
        yield from signed(f"result/award-{number}", stored(award.raw), award.cms)


def of_deposits(session: Session, registry: Any, tender: Tender) -> Iterator[Exhibit]:
    """deposits/: signed decisions on securities and the documents behind them, for the regulator."""
    store = registry.getUtility(IFileStore)
    for found in deposit_decisions.signed_of(session, tender):
        name = f"deposits/decisions/{sha256(found.raw).hex()}"
        yield from signed(name, found.raw, found.cms, secret=True)
        key = deposit_decisions.file_key(found.document_sha256)
        yield Exhibit(f"deposits/documents/{found.document_sha256}", store.get(key), True)


def of_supervision(session: Session, tender: Tender) -> Iterator[Exhibit]:
    """supervision/: the authority's signed orders."""
    for order in orders.issued(session, tender.code):
        yield from signed(f"supervision/orders/{order.number}", order.raw, order.cms)


def blinded_openings(session: Session, keys: HallKeys, tender: Tender) -> list[dict[str, Any]]:
    """The openings of this tender's blinded leaves: bids, withdrawals, downloads, questions (vault.md 2.6)."""
    lot = tender.lot.code
    openings = []
    for row in acts(session, tender):
        act = admitted(keys, row)
        openings.append(
            opening_of(
                row.leaf_index, act.kind, tender.code, lot, act.seq, act.digest, rfc3339(act.at), act.salt
            )
        )
    for taken in notices.downloads(session, keys, tender.code):
        index = leaf_index(session, taken.entry_id)
        openings.append(
            opening_of(index, "download", tender.code, lot, 0, taken.digest, taken.at, taken.salt)
        )
    for asked in asked_of(session, keys, tender):
        index = leaf_index(session, asked.entry_id)
        openings.append(
            opening_of(index, "register", tender.code, lot, 0, asked.digest, asked.at, asked.salt)
        )
    for item in deposits.openings(session, keys, tender):
        index = leaf_index(session, item.row.entry_id)
        openings.append(
            opening_of(index, "deposit", tender.code, lot, 0, item.digest, item.leaf_at, item.salt)
        )
    return [opening for opening in openings if opening["leaf_index"] is not None]


def opening_of(
    index: int | None, kind: str, tender: str, lot: str, seq: int, digest: bytes, at: str, salt: bytes
) -> dict[str, Any]:
    return {
        "leaf_index": index,
        "kind": kind,
        "tender": tender,
        "lot": lot,
        "seq": seq,
        "digest": digest.hex(),
        "at": at,
        "salt": b64(salt),
    }


def checkpoint_sizes(session: Session, registry: Any, tender: Tender) -> set[int]:
    """Sizes of checkpoints that somebody holds, the close's and those of the receipts; and of those that
    held a draw's freeze before its slips were shown."""
    close = close_of(session, tender)
    sizes = draws.checkpoint_sizes(session, tender.code)
    if close is not None and close.raw is not None:
        sizes.add(parse_close(close.raw).tree_size)
    means = Means.of(registry)
    for row in acts(session, tender):
        receipt = receipt_of(session, means, tender, row)
        if receipt is not None:
            sizes.add(parse_checkpoint(parse_receipt(receipt).checkpoint).size)
    return sizes


def acts(session: Session, tender: Tender) -> list[Bid]:
    """Admitted bids and withdrawals that the close has laid open, in the ledger's order."""
    rows = select(Bid).where(Bid.tender_id == tender.id, Bid.kind.is_not(None)).order_by(Bid.leaf_index)
    return list(session.scalars(rows))


def stored(value: bytes | None) -> bytes:
    """Bytes that must be there by now."""
    if value is None:
        raise ValueError("a document of this tender is missing")
    return value
