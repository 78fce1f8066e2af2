"""The ports: what an outside party or a city's own plugin may provide.

Each port is one small interface; its docstrings promise the edge cases, and every provider passes the
port's suite in tests/contracts/. A plugin registers with `config.provide(IPort, provider)`; a view
asks with `request.port(IPort)`; other processes with `registry.getUtility(IPort)`.
"""

from zope.interface import Interface


class ISigner(Interface):
    """Signs bytes as a person or an organisation (电子签名)."""

    def sign(data: bytes, at: object) -> bytes:
        """A detached CAdES-B CMS (DER) over `data`, its signing-time attribute `at` (aware datetime)."""


class ISignatureVerifier(Interface):
    """Judges signatures at the moment they are received."""

    def verify(data: bytes, cms: bytes, at: object) -> object:
        """Validates a detached CMS over `data` at the instant `at`: chain to an allow-listed root,
        validity, key usage, revocation (a current CRL is required), algorithm policy. Nothing is ever
        fetched from an address inside a certificate. Returns the evidence (`SignatureEvidence`);
        raises `trading.errors.Refused` with code `signature.*` and the sub-indication."""


class ITimeStamper(Interface):
    """A time-stamping authority (时间戳, RFC 3161)."""

    def stamp(digest: bytes) -> bytes:
        """A DER TimeStampToken over a SHA-256 digest. Raises `trading.errors.Refused` with code
        `timestamp.unavailable` when the authority does not answer or rejects."""

    def verify(token: bytes, digest: bytes) -> object:
        """The token's genTime (aware datetime) when it is over `digest` and chains to a trusted
        authority; raises `trading.errors.Refused` with code `timestamp.invalid` otherwise."""


class IFileStore(Interface):
    """Bytes by key, written once (文件存储). A key that exists is never overwritten."""

    def put(key: str, data: bytes) -> None:
        """Durable when it returns. Raises `trading.errors.Refused` `file.exists` on a second write
        with other bytes; the same bytes again are accepted."""

    def get(key: str) -> bytes:
        """The bytes; raises KeyError when there are none."""

    def read(key: str, start: int, length: int) -> bytes:
        """`length` bytes from `start` (fewer at the end); raises KeyError."""

    def size(key: str) -> int:
        """Bytes stored under `key`; raises KeyError."""

    def delete(key: str) -> None:
        """Removes abandoned upload pieces; an absent key is no error."""
