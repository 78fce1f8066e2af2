"""Admission: who may hand in what, and until when."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography import x509
from sqlalchemy import select, text

from bidding.tenders.models import Tender
from bidding.vault import admission, uploads
from bidding.vault.manifest import build_withdrawal
from bidding.vault.models import Bid, SealPolicy, SpentToken
from bidding.vault.policy import parse_policy
from bidding.vault.receipt import Sent, State, accepted, check_receipt
from bidding.vault.receipts import find_receipt
from bidding.vault.service import acts_of, standing_of
from config import installation
from plugins.demo_ca.sm2 import Sm2DemoCA, new_key
from plugins.sm2_signatures import sm2_verifier_from
from plugins.sm2_signatures.signer import Sm2Signer
from plugins.sm2_signatures.verifier import FamilyVerifier
from tests.bidding.vault.scene import CODE, Enterprise, Scene, make_user
from trading import clock
from trading.accounts.certificates import keep
from trading.accounts.models import User
from trading.acts import process
from trading.errors import Refused
from trading.interfaces import ISignatureVerifier
from trading.ledger.canonical import dumps, loads


def code_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.faults[0].code


def tender_of(session) -> Tender:
    return session.scalars(select(Tender).where(Tender.code == CODE)).one()


def withdraw(scene: Scene, who, bid) -> str:
    document = build_withdrawal(bid.manifest, clock.now())
    cms = who.signer.sign(document, clock.now())
    with scene.db() as session:
        return admission.withdraw(session, scene.means, who.bidder, tender_of(session), document, cms).ref


def test_a_bid_is_admitted_and_its_receipt_passes_every_check_of_the_client(scene: Scene) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    bid = scene.seal(who)
    ref = scene.submit(who, bid)
    scene.keep_promises()
    scene.sequence()
    with scene.db() as session:
        _, raw = find_receipt(session, scene.means, who.bidder.uscc, ref)
        sent = Sent("bid", bid.raw, bid.cms, 1, bid.manifest.parts)
        checks = check_receipt(raw, scene.policy, sent, now=clock.now())
    assert accepted(checks)
    assert {c.number: c.state for c in checks}[5] is State.PASS
    with scene.db() as session:
        assert find_receipt(session, scene.means, who.bidder.uscc, ref)[1] == raw, "kept, not made anew"


def test_the_receipt_waits_for_the_ledger_and_then_for_its_witness(scene: Scene) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    bid = scene.seal(who)
    ref = scene.submit(who, bid)
    sent = Sent("bid", bid.raw, bid.cms, 1, bid.manifest.parts)
    with scene.db() as session:
        assert find_receipt(session, scene.means, who.bidder.uscc, ref)[1] is None
    scene.sequence(witness=False)
    with scene.db() as session:
        early = find_receipt(session, scene.means, who.bidder.uscc, ref)[1]
    states = {c.number: c.state for c in check_receipt(early, scene.policy, sent, now=clock.now())}
    assert states[4] is State.PASS
    assert states[5] is State.PENDING


@pytest.mark.parametrize(
    ("received", "admitted"),
    [(timedelta(milliseconds=-50), True), (timedelta(0), False), (timedelta(milliseconds=1), False)],
)
def test_a_bid_counts_only_strictly_before_the_deadline(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, received: timedelta, admitted: bool
) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    upload = scene.upload(who, scene.seal(who))
    monkeypatch.setattr(admission, "database_now", lambda session: scene.deadline + received)
    with scene.db() as session:
        if admitted:
            assert admission.submit(session, scene.means, who.bidder, upload).ref
            return
        with pytest.raises(Refused) as refused:
            admission.submit(session, scene.means, who.bidder, upload)
    assert code_of(refused) == "bid.late"
    with scene.db() as session:
        assert session.scalars(select(Bid)).all() == []


def test_thirty_two_bidders_at_once_all_get_receipts(scene: Scene) -> None:
    bidders = [scene.enterprise(f"Enterprise {n}") for n in range(32)]
    ready = [(who, scene.upload(who, scene.seal(who))) for who in bidders]

    def submit(one) -> str:
        who, upload = one
        with scene.db() as session:
            return admission.submit(session, scene.means, who.bidder, upload).ref

    with ThreadPoolExecutor(32) as pool:
        refs = list(pool.map(submit, ready))
    scene.sequence()
    assert len(set(refs)) == 32
    for who, ref in zip(bidders, refs, strict=True):
        with scene.db() as session:
            assert find_receipt(session, scene.means, who.bidder.uscc, ref)[1]


def test_a_killed_upload_goes_on_where_it_stopped(scene: Scene) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    bid = scene.seal(who, {"price-sheet": b"{}", "documents": b"x" * (20 << 20)})
    with scene.db() as session:
        upload = uploads.start_upload(
            session, scene.means, who.bidder, tender_of(session), bid.raw, bid.cms
        ).id
    scene.send(who, upload, "documents", 1, bid.parts["documents"][8 << 20 : 16 << 20])
    with scene.db() as session:
        again = uploads.start_upload(session, scene.means, who.bidder, tender_of(session), bid.raw, bid.cms)
        assert again.id == upload
        assert uploads.state_of(session, again)["missing"] == {"price-sheet": [0], "documents": [0, 2]}
        with pytest.raises(Refused) as refused:
            admission.submit(session, scene.means, who.bidder, upload)
    assert code_of(refused) == "bid.incomplete"
    assert scene.submit(who, bid)


def test_submitting_again_after_a_lost_answer_gives_the_same_reference(scene: Scene) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    bid = scene.seal(who)
    ref = scene.submit(who, bid)
    with scene.db() as session:
        upload = session.scalars(select(Bid)).one().upload_id
    with scene.db() as session:
        assert admission.submit(session, scene.means, who.bidder, upload).ref == ref
        assert len(session.scalars(select(Bid)).all()) == 1


def test_a_copied_bid_is_refused_to_the_copier(scene: Scene) -> None:
    owner, copier = scene.enterprise("Owner"), scene.enterprise("Copier")
    bid = scene.seal(owner)
    scene.submit(owner, bid)
    with scene.db() as session, pytest.raises(Refused) as refused:
        uploads.start_upload(session, scene.means, copier.bidder, tender_of(session), bid.raw, bid.cms)
    assert code_of(refused) == "bid.other-bidder"


def test_a_wrap_that_was_used_before_is_refused(scene: Scene) -> None:
    owner, copier = scene.enterprise("Owner"), scene.enterprise("Copier")
    scene.submit(owner, scene.seal(owner))
    with scene.db() as session:
        other = scene.seal(copier)
        tokens = admission.spend(session, scene.registry["keys"], tender_of(session), other.manifest)
        spent = session.scalars(select(Bid)).one()
        session.add(SpentToken(token=tokens[-1], bid_id=spent.id))
    upload = scene.upload(copier, other)
    with scene.db() as session, pytest.raises(Refused) as refused:
        admission.submit(session, scene.means, copier.bidder, upload)
    assert code_of(refused) == "bid.replayed"


def test_a_bid_for_other_documents_is_refused(scene: Scene) -> None:

    who = scene.enterprise("Green Chairs Ltd")
    other = parse_policy(dumps(loads(scene.policy.raw) | {"client_sha256": ["0" * 64]}))
    bid = scene.seal(who, policy=other)
    with scene.db() as session, pytest.raises(Refused) as refused:
        uploads.start_upload(session, scene.means, who.bidder, tender_of(session), bid.raw, bid.cms)
    assert code_of(refused) == "bid.wrong-policy"


def test_documents_that_changed_after_the_upload_are_noticed_at_the_admission(scene: Scene) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    upload = scene.upload(who, scene.seal(who))
    with scene.db() as session:
        tender_of(session).policy_hash = "0" * 64
    with scene.db() as session, pytest.raises(Refused) as refused:
        admission.submit(session, scene.means, who.bidder, upload)
    assert code_of(refused) == "bid.wrong-policy"


def test_a_certificate_of_another_account_is_refused(scene: Scene) -> None:
    who, other = scene.enterprise("Green Chairs Ltd"), scene.enterprise("Other")
    bid = scene.seal(who, certificate=other.certificate)
    cms = other.signer.sign(bid.raw, clock.now())
    with scene.db() as session, pytest.raises(Refused) as refused:
        uploads.start_upload(session, scene.means, who.bidder, tender_of(session), bid.raw, cms)
    assert code_of(refused) == "certificate.not-yours"


def test_a_signature_by_another_certificate_than_the_named_one_is_refused(scene: Scene) -> None:
    who, other = scene.enterprise("Green Chairs Ltd"), scene.enterprise("Other")
    bid = scene.seal(who)
    cms = other.signer.sign(bid.raw, clock.now())
    with scene.db() as session, pytest.raises(Refused) as refused:
        uploads.start_upload(session, scene.means, who.bidder, tender_of(session), bid.raw, cms)
    assert code_of(refused) == "bid.other-certificate"


def with_sm2(scene: Scene, who: Enterprise) -> Enterprise:
    """The enterprise with an SM2 certificate, in a hall that trusts the SM2 root."""
    ca = Sm2DemoCA.create(installation.outside(scene.state) / "ca-sm2")
    ca.export_trust(scene.state / "trust" / "sm2")
    both = FamilyVerifier(
        scene.registry.getUtility(ISignatureVerifier), sm2_verifier_from(scene.registry.settings)
    )
    scene.registry.registerUtility(both, ISignatureVerifier)
    public, private = new_key()
    chain = ca.issue(public, common_name="Signer", organisation=who.name, organisation_id=who.bidder.uscc)
    with scene.db() as session:
        user = session.get_one(User, who.bidder.user_id)
        certificates = x509.load_pem_x509_certificates(chain)
        keep(session, process("test"), user, certificates, "certificate.registered")
    who.signer = Sm2Signer(private, chain)  # type: ignore[assignment]
    return who


def test_a_signature_of_a_kind_that_the_policy_does_not_name_is_refused(scene: Scene) -> None:
    who, bystander = scene.enterprise("Green Chairs Ltd"), scene.enterprise("Other")
    with scene.db() as session:  # the same hall, whose tender asks for SM2 signatures only
        row = session.scalars(select(SealPolicy)).one()
        row.raw = dumps(loads(row.raw) | {"sig": ["gm-sm2"]})
        scene.policy = parse_policy(row.raw)
        row.sha256 = tender_of(session).policy_hash = scene.policy.hash.hex()
    bid = scene.seal(who)
    with scene.db() as session, pytest.raises(Refused) as refused:
        uploads.start_upload(session, scene.means, who.bidder, tender_of(session), bid.raw, bid.cms)
    assert code_of(refused) == "bid.signature-family"
    assert refused.value.faults[0].rule == "cades-ecdsa: gm-sm2"
    assert scene.submit(bystander, scene.seal(with_sm2(scene, bystander)))


def test_a_certificate_revoked_while_the_bid_was_uploaded_is_refused(scene: Scene) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    upload = scene.upload(who, scene.seal(who))
    ca = scene.ca()
    ca.revoke(who.signer.certificate.serial_number, clock.now() - timedelta(seconds=2))
    ca.export_trust(scene.state / "trust")
    with scene.db() as session, pytest.raises(Refused) as refused:
        admission.submit(session, scene.means, who.bidder, upload)
    assert code_of(refused) == "signature.revoked"


def test_a_piece_damaged_on_the_way_is_refused_and_can_be_sent_again(scene: Scene) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    bid = scene.seal(who)
    with scene.db() as session:
        upload = uploads.start_upload(
            session, scene.means, who.bidder, tender_of(session), bid.raw, bid.cms
        ).id
    data = bid.parts["documents"]
    with scene.db() as session, pytest.raises(Refused) as refused:
        uploads.put_piece(session, scene.means, who.bidder, upload, "documents", 0, data, "0" * 64)
    assert code_of(refused) == "upload.damaged"
    scene.send(who, upload, "documents", 0, data)


def test_other_bytes_than_the_sealed_ones_are_never_admitted(scene: Scene) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    bid = scene.seal(who)
    altered = bytearray(bid.parts["documents"])
    altered[-1] ^= 1
    changed = {**bid.parts, "documents": bytes(altered)}
    bid.parts = changed
    upload = scene.upload(who, bid)
    with scene.db() as session, pytest.raises(Refused) as refused:
        admission.submit(session, scene.means, who.bidder, upload)
    assert code_of(refused) == "bid.received-tree"


def test_an_upload_is_nobody_elses(scene: Scene) -> None:
    who, other = scene.enterprise("Green Chairs Ltd"), scene.enterprise("Other")
    upload = scene.upload(who, scene.seal(who))
    with scene.db() as session, pytest.raises(Refused) as refused:
        admission.submit(session, scene.means, other.bidder, upload)
    assert code_of(refused) == "upload.unknown"


def test_a_receipt_is_nobody_elses(scene: Scene) -> None:
    who, other = scene.enterprise("Green Chairs Ltd"), scene.enterprise("Other")
    ref = scene.submit(who, scene.seal(who))
    with scene.db() as session, pytest.raises(Refused) as refused:
        find_receipt(session, scene.means, other.bidder.uscc, ref)
    assert code_of(refused) == "receipt.unknown"


def test_the_last_bid_stands_and_an_earlier_number_is_refused(scene: Scene) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    first = scene.seal(who)
    scene.submit(who, first)
    second = scene.seal(who, seq=2, replaces=first.manifest.hash)
    scene.submit(who, second)
    stale = scene.seal(who)
    upload = scene.upload(who, stale)
    with scene.db() as session:
        acts = acts_of(session, scene.registry["keys"], tender_of(session), who.bidder.uscc)
        assert standing_of(acts).digest == second.manifest.hash
        with pytest.raises(Refused) as refused:
            admission.submit(session, scene.means, who.bidder, upload)
    assert code_of(refused) == "bid.out-of-order"


def test_a_bid_can_be_withdrawn_once_and_a_new_one_handed_in(scene: Scene) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    bid = scene.seal(who)
    scene.submit(who, bid)
    assert withdraw(scene, who, bid)
    with pytest.raises(Refused) as refused:
        withdraw(scene, who, bid)
    assert code_of(refused) == "withdraw.none"
    assert scene.submit(who, scene.seal(who, seq=2, replaces=bid.manifest.hash))


def test_nobody_withdraws_anothers_bid(scene: Scene) -> None:
    who, other = scene.enterprise("Green Chairs Ltd"), scene.enterprise("Other")
    bid = scene.seal(who)
    scene.submit(who, bid)
    document = build_withdrawal(bid.manifest, clock.now())
    cms = other.signer.sign(document, clock.now())
    with scene.db() as session, pytest.raises(Refused) as refused:
        admission.withdraw(session, scene.means, other.bidder, tender_of(session), document, cms)
    assert code_of(refused) == "bid.other-bidder"


def dump(session) -> Counter[str]:
    tables = session.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars()
    return Counter(
        row
        for table in list(tables)
        for row in session.execute(text(f'SELECT t::text FROM "{table}" t')).scalars()
    )


def test_a_database_dump_of_the_sealed_period_names_no_bidder_and_no_price(scene: Scene) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    with scene.db() as session:
        before = dump(session)
    bid = scene.seal(who)
    ref = scene.submit(who, bid)
    scene.keep_promises()
    scene.sequence()
    with scene.db() as session:
        assert find_receipt(session, scene.means, who.bidder.uscc, ref)[1]
    with scene.db() as session:
        added = "\n".join((dump(session) - before).elements())
    assert ref in added, "the dump is searched where the bid stands"
    secrets = [
        who.name,
        who.bidder.uscc,
        str(who.bidder.user_id),
        "192.0.2.7",
        "98765.43",
        bid.manifest.hash.hex(),
    ]
    for secret in secrets:
        for spelled in (secret, secret.encode().hex(), secret.replace("-", "")):
            assert spelled not in added
    assert bid.manifest.hash.hex() not in added
    assert who.certificate not in added


def test_an_account_without_the_bidders_enterprise_sees_no_upload_of_a_colleague(scene: Scene) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    upload = scene.upload(who, scene.seal(who))
    with scene.db() as session:
        colleague = make_user(session, "bidder", keys=scene.registry["keys"])
        bidder = type(who.bidder)(colleague.id, who.bidder.uscc, who.name, "")
        with pytest.raises(Refused):
            uploads.own_upload(session, scene.means, bidder, upload)
