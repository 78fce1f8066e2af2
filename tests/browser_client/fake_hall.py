"""A hall of a few routes for the pages' scripts: the vault's HTTP with real signatures and a real log,
everything in memory, under the hall's own Content-Security-Policy."""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from webob import Request, Response

from bidding.vault.custodian_key import build_statement
from bidding.vault.encoding import b64, unb64
from bidding.vault.envelopes import mode_of, parts_of, stages_of
from bidding.vault.keys import custodian_seed
from bidding.vault.manifest import (
    Manifest,
    admission_faults,
    parse_manifest,
    parse_withdrawal,
    received_faults,
)
from bidding.vault.policy import StagePlan, build_policy, parse_policy
from bidding.vault.receipt import build_receipt, leaf_bytes, leaf_commitment
from config import assets
from tests.browser_client.authority import PEM, Authority
from trading.ledger.canonical import dumps
from trading.ledger.checkpoint import (
    LOG_KEY,
    WITNESS_KEY,
    Checkpoint,
    add_lines,
    cosign,
    sign_checkpoint,
    verifier_key,
)
from trading.ledger.checkpoint import (
    b64 as note_b64,
)
from trading.ledger.merkle import consistency_proof, inclusion_proof, leaf_hash, leaves_reader, range_root
from trading.web import CONTENT_SECURITY_POLICY

PIECE = 8 << 20
TENDER = "HALL-2026-001"
BIDDER = "91110000600037341L"
SEEDS = {name: bytes([i]) * 32 for i, name in enumerate(("log", "witness", "receipt", "c1", "c2", "c3"), 1)}


class FakeHall:
    """One tender whose deadline is an hour away."""

    def __init__(self, mode: str = "either", envelopes: int = 1) -> None:
        self.authority = Authority()
        self.form = {"vault_mode": mode, "envelopes": envelopes}
        self.leaves = [leaf_hash(b"genesis"), leaf_hash(b"other")]
        self.uploads: dict[str, dict[str, Any]] = {}
        self.receipts: dict[str, dict[str, Any]] = {}
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.failing = 0
        self.pieces = 0
        self.pages: dict[str, str] = {}
        self.sign_receipt = Ed25519PrivateKey.from_private_bytes(SEEDS["receipt"])
        self.policy, self.policy_cms, self.statements = self._policy()

    def _policy(self) -> tuple[bytes, bytes, list[dict[str, str]]]:
        now = datetime.now(UTC).replace(microsecond=0)
        deadline = now + timedelta(hours=1)
        raws: dict[str, list[bytes]] = {stage: [] for stage in stages_of(self.form)}
        served = []
        for index, stage in itertools.product((1, 2, 3), raws):
            signer = self.authority.signer(f"custodian {index}")
            raw = build_statement(
                tender=TENDER,
                lot="1",
                stage=stage,
                custodian=f"c{index}",
                org=f"org {index}",
                index=index,
                cert_sha256=_certificate_sha256(signer),
                seed=custodian_seed(SEEDS[f"c{index}"], TENDER, "1", stage),
                created=now,
                release_after=deadline,
            )
            raws[stage].append(raw)
            served.append({"cks": b64(raw), "p7s": b64(signer.sign(raw, now))})
        log = verifier_key("ledger.example/1", LOG_KEY, SEEDS["log"])
        witness = verifier_key("witness.example/1", WITNESS_KEY, SEEDS["witness"])
        policy = build_policy(
            tender=TENDER, lot="1", deadline=deadline, open_at=deadline, log=log.name, log_key=str(log),
            receipt_key=self.sign_receipt.public_key().public_bytes_raw(), witnesses=[(witness.name, str(witness))],
            tsa=[], parts=parts_of(self.form),
            stages=[StagePlan(s, mode_of(self.form), 2, 3, keys, bidder_window_s=1800) for s, keys in raws.items()],
        )  # fmt: skip
        return policy, self.authority.signer("agent").sign(policy, now), served

    def note(self) -> str:
        """The newest checkpoint, cosigned."""
        head = Checkpoint("ledger.example/1", len(self.leaves), _root(self.leaves))
        note = sign_checkpoint(head, SEEDS["log"])
        return add_lines(note, [cosign(note, "witness.example/1", SEEDS["witness"], int(time.time()))])

    def missing(self, upload: dict[str, Any]) -> dict[str, list[int]]:
        manifest: Manifest = upload["manifest"]
        wanted = {part.name: range(-(-part.size // PIECE)) for part in manifest.parts}
        missing = {
            name: [n for n in pieces if (name, n) not in upload["pieces"]] for name, pieces in wanted.items()
        }
        return {name: pieces for name, pieces in missing.items() if pieces}

    def state(self, ident: str) -> dict[str, Any]:
        return {"upload": ident, "piece_bytes": PIECE, "missing": self.missing(self.uploads[ident])}

    def admit(self, kind: str, seq: int, document: bytes, cms: bytes, parts: Any) -> dict[str, str]:
        """Append the blinded leaf and make the receipt; the first poll still answers 202."""
        at = datetime.now(UTC)
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        digest, salt = hashlib.sha256(document).digest(), bytes(32)
        commitment = leaf_commitment(
            salt=salt, kind=kind, tender=TENDER, lot="1", seq=seq, digest=digest, at=at
        )
        self.leaves.append(leaf_hash(leaf_bytes(commitment)))
        index, ref = len(self.leaves) - 1, f"R{len(self.receipts) + 1}"
        raw = build_receipt(
            kind=kind, tender=TENDER, lot="1", ref=ref, seq=seq, manifest=digest, cms=hashlib.sha256(cms).digest(),
            parts=parts, at=at, salt=salt, leaf_index=index, checkpoint=self.note(), tsa=None,
            proof=inclusion_proof(leaves_reader(self.leaves), index, len(self.leaves)), sign=self.sign_receipt.sign,
        )  # fmt: skip
        self.receipts[ref] = {"raw": raw, "asked": 0}
        return {"ref": ref, "receipt": f"/api/bids/receipts/{ref}"}

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        response = self.answer(request)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response(environ, start)  # type: ignore[no-any-return]

    def answer(self, request: Request) -> Response:
        path = request.path
        base = f"/api/tenders/{TENDER}"
        if path.startswith("/assets/"):
            kind = {"js": "text/javascript", "css": "text/css"}.get(path.rpartition(".")[2], "text/html")
            return Response((assets.BUILT / path.removeprefix("/assets/")).read_bytes(), content_type=kind)
        if path in self.pages:
            return Response(self.pages[path], content_type="text/html", charset="utf-8")
        simple = {f"{base}/policy": self.policy, f"{base}/policy.p7s": self.policy_cms}
        if path in simple:
            return Response(simple[path], content_type="application/octet-stream")
        if path == f"{base}/custodian-keys":
            return _json(self.statements)
        if path == "/proof":
            old, new = int(request.params["old"]), int(request.params["new"])
            proof = consistency_proof(leaves_reader(self.leaves[:new]), old, new)
            return _json({"old": old, "new": new, "proof": [note_b64(node) for node in proof]})
        if path.startswith("/api/bids/receipts/"):
            receipt = self.receipts[path.rpartition("/")[2]]
            receipt["asked"] += 1
            return (
                _json({"pending": True}, 202) if receipt["asked"] == 1 else _json(json.loads(receipt["raw"]))
            )
        return self.post(request, path) if request.method != "GET" else self.get_upload(path)

    def get_upload(self, path: str) -> Response:
        ident = path.rpartition("/")[2]
        return _json(self.state(ident)) if ident in self.uploads else Response(status=404)

    def post(self, request: Request, path: str) -> Response:
        if request.headers.get("X-CSRF-Token") != "token" and request.POST.get("csrf_token") != "token":
            return Response(status=400)
        if path.endswith("/certificates"):
            csr = x509.load_pem_x509_csr(request.POST["csr"].encode())
            chain = [self.authority.issue(csr), self.authority.root]
            return _json({"certificate": "".join(item.public_bytes(PEM).decode() for item in chain)}, 201)
        if path == "/signed":
            self.posted.append((path, dict(request.POST)))
            return Response("<p>signed</p>", content_type="text/html")
        if request.method == "PUT":
            return self.put_piece(request, path)
        body = request.json_body
        self.posted.append((path, body))
        if path == "/api/bids/uploads":
            return self.start_upload(body)
        if path.endswith("/submit"):
            upload = self.uploads[path.split("/")[4]]
            manifest: Manifest = upload["manifest"]
            return _json(self.admit("bid", manifest.seq, manifest.raw, upload["cms"], manifest.parts), 202)
        if path == "/api/bids/withdrawals":
            raw = unb64(body["withdraw"])
            bid = parse_withdrawal(raw).manifest
            seq = next(u["manifest"].seq for u in self.uploads.values() if u["manifest"].hash == bid)
            return _json(self.admit("withdraw", seq, raw, unb64(body["cms"]), ()), 202)
        return _json({"ok": True}, 202)

    def start_upload(self, body: dict[str, str]) -> Response:
        raw = unb64(body["manifest"])
        faults = admission_faults(parse_policy(self.policy), raw)
        if faults:
            problem = {"title": "refused", "status": 422, "faults": [{"message": f.message} for f in faults]}
            return _json(problem, 422, "application/problem+json")
        ident = hashlib.sha256(raw).hexdigest()[:12]
        fresh = {"manifest": parse_manifest(raw), "cms": unb64(body["cms"]), "pieces": {}}
        self.uploads.setdefault(ident, fresh)
        return _json(self.state(ident), 201)

    def put_piece(self, request: Request, path: str) -> Response:
        _, _, _, _, ident, part, number = path.split("/")
        data = request.body
        self.pieces += 1
        if self.failing:
            self.failing -= 1
            return Response(status=503)
        if hashlib.sha256(data).hexdigest() != request.headers["X-Content-SHA256"]:
            return Response(status=400)
        self.uploads[ident]["pieces"][part, int(number)] = data
        return Response(status=204)

    def stored_faults(self) -> list[Any]:
        """What is wrong with the stored ciphertexts of all uploads."""
        faults = []
        for upload in self.uploads.values():
            for part in upload["manifest"].parts:
                count = -(-part.size // PIECE)
                data = b"".join(upload["pieces"][part.name, n] for n in range(count))
                faults += received_faults(part, _Reader(data))
        return faults


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._rest = memoryview(data)

    def readinto(self, buffer: memoryview, /) -> int:
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _root(leaves: list[bytes]) -> bytes:
    return range_root(leaves_reader(leaves), 0, len(leaves))


def _certificate_sha256(signer: Any) -> str:
    return str(signer.certificate.fingerprint(SHA256()).hex())


def _json(value: Any, status: int = 200, kind: str = "application/json") -> Response:
    return Response(dumps(value), status=status, content_type=kind)


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the tests say what went wrong."""


class _Threaded(WSGIServer):
    def process_request(self, request: Any, client_address: Any) -> None:
        threading.Thread(target=self._one, args=(request, client_address), daemon=True).start()

    def _one(self, request: Any, client_address: Any) -> None:
        self.finish_request(request, client_address)
        self.shutdown_request(request)


def serve(hall: FakeHall) -> tuple[WSGIServer, str]:
    """A running server on a free port of this machine, and its address."""
    server = make_server("127.0.0.1", 0, hall, _Threaded, _Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"
