"""The second hash family (国密摘要, SM3 of GB/T 32905) of published papers, beside SHA-256."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.hashes import SM3, Hash

Digests = Mapping[str, Callable[[bytes], str]]


def sm3(data: bytes) -> str:
    """SM3 in hex."""
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize().hex()


def further(settings: Mapping[str, str]) -> Digests:
    """The digests that the hall's setting `hall.sm3` asks for besides SHA-256, by the name of their field."""
    return {"sm3": sm3} if settings["hall.sm3"] == "true" else {}


def of(digests: Digests, **papers: bytes) -> dict[str, dict[str, str]]:
    """What a notice says of its papers: for each family every paper's digest."""
    return {
        family: {name: digest(data) for name, data in papers.items()} for family, digest in digests.items()
    }
