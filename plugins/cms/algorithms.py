"""Which algorithms a signature, its certificates and its revocation lists may use."""

from __future__ import annotations

from datetime import datetime

from asn1crypto import algos, keys
from pyhanko.sign.validation.utils import CMSAlgorithmUsagePolicy
from pyhanko_certvalidator.policy_decl import AlgorithmUsageConstraint

DIGESTS = frozenset({"sha256", "sha384", "sha512"})
CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})
MIN_RSA_BITS = 2048

_ALLOWED = AlgorithmUsageConstraint(allowed=True)


class AllowedAlgorithms(CMSAlgorithmUsagePolicy):
    """RSA of 2048 bits or more (PKCS#1 v1.5 or PSS) and ECDSA on the NIST curves from P-256, with
    SHA-256, SHA-384 or SHA-512; everything else is refused."""

    def digest_algorithm_allowed(
        self, algo: algos.DigestAlgorithm, moment: datetime | None
    ) -> AlgorithmUsageConstraint:
        return _judge_digest(algo["algorithm"].native)

    def signature_algorithm_allowed(
        self,
        algo: algos.SignedDigestAlgorithm,
        moment: datetime | None,
        public_key: keys.PublicKeyInfo | None,
    ) -> AlgorithmUsageConstraint:
        try:
            family = algo.signature_algo
        except ValueError:
            return _refused(f"signature algorithm {algo['algorithm'].native}")
        if family not in ("rsassa_pkcs1v15", "rsassa_pss", "ecdsa"):
            return _refused(f"signature algorithm {family}")
        try:
            digest = _judge_digest(algo.hash_algo)
        except ValueError:
            # Plain rsaEncryption names no digest; the CMS digestAlgorithm is judged on its own.
            digest = _ALLOWED
        if not digest or public_key is None:
            return digest
        return _judge_key(family, public_key)


def _judge_digest(name: str) -> AlgorithmUsageConstraint:
    return _ALLOWED if name in DIGESTS else _refused(f"digest {name}")


def _judge_key(family: str, public_key: keys.PublicKeyInfo) -> AlgorithmUsageConstraint:
    if family == "ecdsa":
        if public_key.algorithm != "ec":
            return _refused("ECDSA signature with another kind of key")
        kind, curve = public_key.curve
        return _ALLOWED if kind == "named" and curve in CURVES else _refused(f"curve {curve}")
    if public_key.algorithm not in ("rsa", "rsassa_pss"):
        return _refused("RSA signature with another kind of key")
    bits = public_key.bit_size
    return _ALLOWED if bits >= MIN_RSA_BITS else _refused(f"RSA key of {bits} bits")


def _refused(what: str) -> AlgorithmUsageConstraint:
    return AlgorithmUsageConstraint(allowed=False, failure_reason=f"{what} is not allowed")
