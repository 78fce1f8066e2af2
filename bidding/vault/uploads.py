"""Uploads (上传): a sealed bid on its way in, piece by piece, before and outside any lock.

Everything that can be judged without the tender's lock is judged here, so that the admission itself is
short: the manifest's form, its signature, every piece's hash as it arrives and is made durable.
"""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bidding.tenders.invited import must_be_invited
from bidding.tenders.models import Tender
from bidding.vault.content import HEADER
from bidding.vault.encoding import b64, unb64
from bidding.vault.manifest import Manifest, admission_faults, parse_manifest
from bidding.vault.models import SealPolicy, Upload, UploadPiece
from bidding.vault.pieces import PIECE, piece_count, piece_size, root_of, segment_hashes
from bidding.vault.policy import parse_policy
from bidding.vault.refusals import in_words, refusal
from bidding.vault.service import (
    Bidder,
    Means,
    piece_key,
    policy_of,
    seal_row,
    unseal_row,
    uploader_key,
)
from trading.accounts.certificates import own
from trading.clock import database_now
from trading.errors import Refused, refuse
from trading.evidence import keep_files
from trading.web import _

MOST_UPLOADS = 500
MOST_BYTES = 16 << 30
"""What one account may send to one tender, all its replacements together: nobody fills the hall's disks.
Sixteen bids of the largest size."""


def start_upload(
    session: Session, means: Means, bidder: Bidder, tender: Tender, manifest: bytes, cms: bytes
) -> Upload:
    """Begin, or go on with, the upload of a sealed bid. The same manifest finds the same upload.

    Raises Refused `tender.invited-only`, `bid.*`, `signature.*` or `certificate.*` for what could never be
    admitted.
    """
    must_be_invited(session, means.keys, tender, bidder.uscc)
    now = database_now(session)
    if now >= tender.deadline:
        late = tender.suspended_at is None
        raise refusal("bid.late", rule="Order 20 art. 27") if late else refusal("bid.suspended")
    if tender.state != "published":
        raise refusal("bid.not-open")
    if faults := admission_faults(policy_of(session, tender), manifest):
        raise Refused(in_words(faults))
    parsed = parse_manifest(manifest)
    judge_bid(session, means, bidder, tender.code, parsed, cms)
    key = means.keys.keyed("manifest", tender.code, parsed.hash)
    owner = uploader_key(means.keys, tender.code, bidder.user_id)
    upload = Upload(
        id=uuid4(),
        tender_id=tender.id,
        owner_key=owner,
        manifest_key=key,
        pieces={p.name: {"size": p.size, "pieces": piece_count(p.size)} for p in parsed.parts},
        started_at=now,
    )
    fields = {"user": str(bidder.user_id), "uscc": bidder.uscc, "manifest": b64(manifest), "cms": b64(cms)}
    upload.sealed = seal_row(means, upload, fields)
    check_many(session, owner, key)
    columns = {c.key: getattr(upload, c.key) for c in Upload.__table__.columns if c.key != "finished_at"}
    session.execute(insert(Upload).values(columns).on_conflict_do_nothing(index_elements=["manifest_key"]))
    found = session.scalars(select(Upload).where(Upload.manifest_key == key)).one()
    if found.owner_key != owner:
        raise refusal("bid.replayed")
    return found


def check_many(session: Session, owner: bytes, manifest_key: bytes) -> None:
    """Raises Refused `upload.many` for another upload of an account that has begun too many."""
    begun = select(Upload.manifest_key).where(Upload.owner_key == owner).limit(MOST_UPLOADS)
    known = session.scalars(begun).all()
    if len(known) >= MOST_UPLOADS and manifest_key not in known:
        raise refuse(
            "upload.many",
            _("Your account has begun too many uploads for this tender"),
            remedy=_("Go on with one of them, or ask the hall's service desk."),
        )


def check_much(session: Session, owner: bytes, more: int) -> None:
    """Raises Refused `upload.much` when `more` bytes are too many for this account and tender."""
    sent = select(func.coalesce(func.sum(UploadPiece.size), 0)).join(
        Upload, Upload.id == UploadPiece.upload_id
    )
    if session.execute(sent.where(Upload.owner_key == owner)).scalar_one() + more > MOST_BYTES:
        raise refuse(
            "upload.much",
            _("Your account has sent too much for this tender"),
            remedy=_("Make the files smaller, or ask the hall's service desk."),
        )


def judge_bid(
    session: Session, means: Means, bidder: Bidder, code: str, manifest: Manifest, cms: bytes
) -> Any:
    """The evidence that this account signed the manifest for its own enterprise, judged now.

    Raises Refused `bid.other-bidder`, `bid.other-certificate`, `bid.signature-family`, `signature.*`,
    `certificate.*`.
    """
    if manifest.bidder["id"] != bidder.uscc:
        raise refusal("bid.other-bidder", "bidder")
    found = judge_signature(session, means, bidder, code, manifest.raw, cms, manifest.bidder["cert_sha256"])
    row = session.scalars(select(SealPolicy).where(SealPolicy.sha256 == manifest.policy.hex())).one()
    if found.family not in (admitted := parse_policy(row.raw).signatures):
        raise refusal("bid.signature-family", rule=f"{found.family}: {', '.join(admitted)}")
    return found


def judge_signature(
    session: Session,
    means: Means,
    bidder: Bidder,
    code: str,
    data: bytes,
    cms: bytes,
    certificate: str | None = None,
) -> Any:
    """The evidence that this account signed `data`, with the `certificate` (SHA-256, hex) it names if
    it names one. Of it only the revocation lists, the same for everybody, are kept in the open, for no tender
    yet."""
    now = database_now(session)
    found = means.judge(data, cms, now)
    if certificate is not None and found.certificate_sha256 != certificate:
        raise refusal("bid.other-certificate")
    own(session, bidder.user_id, found.certificate_sha256, now)
    if found.organisation_id and found.organisation_id != bidder.uscc:
        raise refusal("bid.other-bidder", "certificate")
    keep_files(session, (), found.crls)
    return found


def own_upload(session: Session, means: Means, bidder: Bidder, upload_id: UUID) -> Upload:
    """An upload of this account. Raises Refused `upload.unknown` for everybody else's too."""
    upload = session.get(Upload, upload_id)
    if upload is not None:
        code = session.get_one(Tender, upload.tender_id).code
        if upload.owner_key == uploader_key(means.keys, code, bidder.user_id):
            return upload
    raise refuse("upload.unknown", _("There is no such upload of yours"))


def manifest_of(means: Means, upload: Upload) -> tuple[Manifest, bytes]:
    """The manifest being uploaded, and its signature."""
    fields = unseal_row(means.keys, upload)
    return parse_manifest(unb64(fields["manifest"])), unb64(fields["cms"])


def put_piece(
    session: Session,
    means: Means,
    bidder: Bidder,
    upload_id: UUID,
    part: str,
    number: int,
    data: bytes,
    sha256: str,
) -> None:
    """Store one piece; durable when it returns. The same piece again is no error.

    Raises Refused `upload.*` for a piece that cannot be one of this bid, `file.exists` for other bytes
    in the place of a piece that has arrived.
    """
    upload = own_upload(session, means, bidder, upload_id)
    size = upload.pieces.get(part, {}).get("size", 0)
    if not data or len(data) != piece_size(size, number):
        raise refuse("upload.piece", _("This piece has no place in the bid"), field=part)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise refuse(
            "upload.damaged", _("The piece was damaged on the way"), field=part, remedy=_("Send it again.")
        )
    if number == 0:
        sealed = manifest_of(means, upload)[0].part(part)
        if sealed is None or sealed.head != data[:HEADER]:
            raise refusal("bid.received-head", part)
    check_much(session, upload.owner_key, len(data))
    means.store.put(piece_key(upload.id, part, number), data)
    session.execute(
        insert(UploadPiece)
        .values(
            id=uuid4(),
            upload_id=upload.id,
            part=part,
            number=number,
            size=len(data),
            sha256=sha256,
            leaves=segment_hashes(data),
        )
        .on_conflict_do_nothing()
    )


def arrived(session: Session, upload: Upload) -> dict[str, dict[int, bytes]]:
    """The segment hashes of the pieces that have arrived, by part and number."""
    query = select(UploadPiece.part, UploadPiece.number, UploadPiece.leaves).where(
        UploadPiece.upload_id == upload.id
    )
    found: dict[str, dict[int, bytes]] = {part: {} for part in upload.pieces}
    for part, number, leaves in session.execute(query):
        found[part][number] = leaves
    return found


def state_of(session: Session, upload: Upload) -> dict[str, Any]:
    """What a program must know to go on: the upload, the size of a piece, what is missing."""
    here = arrived(session, upload)
    missing = {
        part: [n for n in range(plan["pieces"]) if n not in here[part]]
        for part, plan in upload.pieces.items()
    }
    return {
        "upload": str(upload.id),
        "piece_bytes": PIECE,
        "missing": {part: numbers for part, numbers in missing.items() if numbers},
    }


def check_whole(session: Session, upload: Upload, manifest: Manifest) -> None:
    """Every piece is there and every part's tree is the manifest's. Raises Refused `bid.incomplete` or
    `bid.received-tree`."""
    here = arrived(session, upload)
    for part in manifest.parts:
        pieces = here[part.name]
        if len(pieces) != piece_count(part.size):
            raise refusal("bid.incomplete", part.name)
        if root_of([pieces[n] for n in sorted(pieces)]) != part.tree:
            raise refusal("bid.received-tree", part.name)
