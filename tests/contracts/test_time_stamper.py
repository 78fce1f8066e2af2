"""ITimeStamper over RFC 3161: real HTTP, a real authority's tokens, and authorities that misbehave."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, tsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import VerifierBuilder, decode_timestamp_response
from zope.interface.verify import verifyObject

from plugins.demo_ca.authority import TIME_STAMPING
from plugins.timestamping import judge_from, simulator, tokens
from plugins.timestamping.client import HttpTimeStamper
from plugins.timestamping.tokens import TokenJudge
from tests.pki import NOW, Pki, der, running
from trading.errors import Refused
from trading.interfaces import ITimeStamper

DIGEST = hashlib.sha256(b"checkpoint").digest()
OTHER = hashlib.sha256(b"another").digest()


def authority(pki: Pki, name: str = "tsa", **subject: Any) -> simulator.Authority:
    chosen = {"common_name": "TSA", "purposes": [TIME_STAMPING]} | subject
    pki.ca.issue_key_file(pki.folder / name / "key.pem", **chosen)
    return simulator.Authority(pki.folder / name, pki.clock)


def judge(pki: Pki) -> TokenJudge:
    pki.ca.export_trust(pki.folder / "trust")
    return judge_from({"signatures.folder": str(pki.folder / "trust")})


@pytest.fixture
def stamper(pki: Pki) -> Iterator[HttpTimeStamper]:
    with running(simulator.make_server("127.0.0.1", 0, authority(pki))) as address:
        yield HttpTimeStamper(address, judge(pki))


def answering(answer: Callable[[bytes], bytes]) -> ThreadingHTTPServer:
    """An authority that answers 200 with whatever `answer` makes of the request."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Silent."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def code(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.faults[0].code


def test_the_provider_has_the_methods_of_the_port(stamper: HttpTimeStamper) -> None:
    assert verifyObject(ITimeStamper, stamper)


def test_a_stamp_bears_the_instant_of_the_installations_clock(pki: Pki, stamper: HttpTimeStamper) -> None:
    assert stamper.verify(stamper.stamp(DIGEST), DIGEST) == NOW
    pki.clock.move(days=20, milliseconds=120)
    assert stamper.verify(stamper.stamp(DIGEST), DIGEST) == pki.clock()


def test_a_stamp_is_for_one_digest(stamper: HttpTimeStamper) -> None:
    token = stamper.stamp(DIGEST)
    assert code(lambda: stamper.verify(token, OTHER)) == "timestamp.invalid"


def test_no_byte_of_a_token_can_be_changed(stamper: HttpTimeStamper) -> None:
    token = stamper.stamp(DIGEST)
    accepted = []
    for place in range(len(token)):
        changed = bytearray(token)
        changed[place] ^= 1
        try:
            stamper.verify(bytes(changed), DIGEST)
        except Refused:
            continue
        accepted.append(place)
    assert accepted == []


@pytest.mark.parametrize("token", [b"", b"\x30\x00", b"token", bytes(70_000)])
def test_bytes_that_are_no_token_are_invalid(stamper: HttpTimeStamper, token: bytes) -> None:
    assert code(lambda: stamper.verify(token, DIGEST)) == "timestamp.invalid"


def test_a_signature_is_not_a_time_stamp(pki: Pki, stamper: HttpTimeStamper) -> None:
    assert code(lambda: stamper.verify(pki.signer().sign(b"x", NOW), DIGEST)) == "timestamp.invalid"


def test_an_authority_that_is_not_there_is_unavailable(pki: Pki) -> None:
    with running(answering(bytes)) as address:
        gone = HttpTimeStamper(address, judge(pki))
    assert code(lambda: gone.stamp(DIGEST)) == "timestamp.unavailable"


def test_a_rejection_inside_an_http_success_is_a_rejection(pki: Pki) -> None:
    rejecting = answering(lambda query: simulator._rejection("system_failure"))
    with running(rejecting) as address, pytest.raises(Refused) as caught:
        HttpTimeStamper(address, judge(pki)).stamp(DIGEST)
    (fault,) = caught.value.faults
    assert fault.code == "timestamp.unavailable"
    assert "rejection" in fault.rule


def test_a_token_of_an_earlier_request_is_not_taken(pki: Pki) -> None:
    tsa = authority(pki)
    replay = tsa.answer(tokens.request(DIGEST, 1))
    with running(answering(lambda query: replay)) as address:
        assert code(lambda: HttpTimeStamper(address, judge(pki)).stamp(DIGEST)) == "timestamp.unavailable"


def test_a_token_over_another_digest_is_not_taken(pki: Pki) -> None:
    tsa = authority(pki)

    def swapped(query: bytes) -> bytes:
        return tsa.answer(tokens.request(OTHER, tsp.TimeStampReq.load(query)["nonce"].native))

    with running(answering(swapped)) as address:
        assert code(lambda: HttpTimeStamper(address, judge(pki)).stamp(DIGEST)) == "timestamp.unavailable"


def test_a_strangers_stamp_is_invalid(pki: Pki, tmp_path: Path, stamper: HttpTimeStamper) -> None:
    stranger = authority(Pki(tmp_path / "stranger"))
    token = tokens.token_of(stranger.answer(query := tokens.request(DIGEST, 1)), query)
    assert code(lambda: stamper.verify(token, DIGEST)) == "timestamp.invalid"


@pytest.mark.parametrize(
    "purposes",
    [[], [ExtendedKeyUsageOID.EMAIL_PROTECTION], [TIME_STAMPING, ExtendedKeyUsageOID.CLIENT_AUTH]],
    ids=["none", "another", "not alone"],
)
def test_a_certificate_that_is_not_for_time_stamps_alone_does_not_stamp(
    pki: Pki, stamper: HttpTimeStamper, purposes: list[Any]
) -> None:
    tsa = authority(pki, "wrong", purposes=purposes)
    token = tokens.token_of(tsa.answer(query := tokens.request(DIGEST, 1)), query)
    assert code(lambda: stamper.verify(token, DIGEST)) == "timestamp.invalid"


def test_a_stamp_given_after_the_certificate_expired_is_invalid(pki: Pki, stamper: HttpTimeStamper) -> None:
    pki.clock.move(days=4 * 365)
    assert code(lambda: stamper.stamp(DIGEST)) == "timestamp.unavailable"


def test_a_revoked_authority_no_longer_stamps_but_its_earlier_stamps_stand(pki: Pki) -> None:
    tsa = authority(pki)
    query = tokens.request(DIGEST, 1)
    before = tokens.token_of(tsa.answer(query), query)
    pki.clock.move(hours=1)
    pki.ca.revoke(tsa._signer.signing_cert.serial_number)
    pki.clock.move(hours=1)
    after = tokens.token_of(tsa.answer(query), query)
    judging = judge(pki)
    assert judging.gen_time(before, DIGEST) == NOW
    with pytest.raises(tokens.BadToken, match="revoked"):
        judging.gen_time(after, DIGEST)


def test_certificates_in_any_order_are_read(pki: Pki) -> None:
    query = tokens.request(DIGEST, 1)
    token = tokens.token_of(authority(pki).answer(query), query)
    content = cms.ContentInfo.load(token)["content"]
    ordered = content["certificates"].contents
    first = len(content["certificates"][0].dump())
    turned = token.replace(ordered, ordered[first:] + ordered[:first])
    assert turned != token
    assert judge(pki).gen_time(turned, DIGEST) == NOW


def test_a_token_without_certificates_is_judged_with_the_ones_held(pki: Pki) -> None:
    tsa = authority(pki)
    query = tsp.TimeStampReq.load(tokens.request(DIGEST, 1))
    query["cert_req"] = False
    asked = query.dump(force=True)
    token = tokens.token_of(tsa.answer(asked), asked)
    held = tsa._signer.signing_cert.dump()
    bare = TokenJudge([der(pki.ca.root)], [der(pki.ca.issuing)])
    with pytest.raises(tokens.BadToken):
        bare.gen_time(token, DIGEST)
    knowing = TokenJudge([der(pki.ca.root)], [der(pki.ca.issuing), held])
    assert knowing.gen_time(token, DIGEST) == NOW


def test_the_simulators_answers_are_read_by_another_implementation(pki: Pki) -> None:
    response = decode_timestamp_response(authority(pki).answer(tokens.request(DIGEST, 77)))
    builder = VerifierBuilder(nonce=77).add_root_certificate(pki.ca.root)
    assert builder.add_intermediate_certificate(pki.ca.issuing).build().verify(response, DIGEST)


def test_the_simulator_rejects_what_it_cannot_stamp(pki: Pki) -> None:
    tsa = authority(pki)
    weak = tsp.TimeStampReq.load(tokens.request(DIGEST, 1))
    weak["message_imprint"] = {"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": bytes(20)}
    for query in (b"nonsense", weak.dump(force=True)):
        with pytest.raises(tokens.BadToken, match="rejection"):
            tokens.token_of(tsa.answer(query), tokens.request(DIGEST, 1))


def test_a_simulator_without_a_usable_key_does_not_start(pki: Pki, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        simulator.Authority(tmp_path / "nowhere")
