"""Why a signature is refused: a stable code, plain words, and the sub-indication of EN 319 102-1."""

from __future__ import annotations

from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESSubIndic
from translationstring import TranslationStringFactory  # type: ignore[import-untyped]

from trading.errors import Refused, refuse

_ = TranslationStringFactory("tradehall")

_NEW_SIGNATURE = _("Sign again and send the new signature.")
_NEW_CERTIFICATE = _("Enrol a new certificate and sign with it.")
_ASK = _("Ask the operator of the hall, and try again later.")

# code: (what is wrong, what to do)
WORDS = {
    "signature.format": (_("The signature is not a well-formed CAdES signature."), _NEW_SIGNATURE),
    "signature.signer": (_("The signature does not say which certificate made it."), _NEW_SIGNATURE),
    "signature.invalid": (_("The signature does not belong to exactly these bytes."), _NEW_SIGNATURE),
    "signature.chain": (
        _("The certificate was not issued by an authority this hall accepts."),
        _NEW_CERTIFICATE,
    ),
    "signature.validity": (_("The certificate is expired or not yet valid."), _NEW_CERTIFICATE),
    "signature.revoked": (_("The certificate was revoked."), _NEW_CERTIFICATE),
    "signature.revocation-unknown": (
        _("No current revocation list says whether the certificate is still good."),
        _ASK,
    ),
    "signature.key-usage": (_("The certificate may not be used for signing."), _NEW_CERTIFICATE),
    "signature.algorithm": (_("The signature uses an algorithm or key that is too weak."), _NEW_CERTIFICATE),
    "signature.timestamp": (_("The time stamp in the signature is not trusted."), _NEW_SIGNATURE),
    "signature.indeterminate": (_("Whether the signature is valid cannot be determined."), _ASK),
}

_CODES: dict[AdESSubIndic, str] = {
    AdESFailure.FORMAT_FAILURE: "signature.format",
    AdESFailure.HASH_FAILURE: "signature.invalid",
    AdESFailure.SIG_CRYPTO_FAILURE: "signature.invalid",
    AdESFailure.NOT_YET_VALID: "signature.validity",
    AdESFailure.REVOKED: "signature.revoked",
    AdESIndeterminate.NO_SIGNING_CERTIFICATE_FOUND: "signature.signer",
    AdESIndeterminate.NO_CERTIFICATE_CHAIN_FOUND: "signature.chain",
    AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE: "signature.chain",
    AdESIndeterminate.REVOKED_CA_NO_POE: "signature.chain",
    AdESIndeterminate.EXPIRED: "signature.validity",
    AdESIndeterminate.NOT_YET_VALID: "signature.validity",
    AdESIndeterminate.OUT_OF_BOUNDS_NO_POE: "signature.validity",
    AdESIndeterminate.REVOKED_NO_POE: "signature.revoked",
    AdESIndeterminate.TRY_LATER: "signature.revocation-unknown",
    AdESIndeterminate.CHAIN_CONSTRAINTS_FAILURE: "signature.key-usage",
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE: "signature.algorithm",
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE: "signature.algorithm",
    AdESIndeterminate.TIMESTAMP_ORDER_FAILURE: "signature.timestamp",
}


def refusal(sub_indication: AdESSubIndic) -> Refused:
    """The refusal for a sub-indication, which stands in the fault's rule."""
    code = _CODES.get(sub_indication, "signature.indeterminate")
    message, remedy = WORDS[code]
    rule = f"ETSI EN 319 102-1 {sub_indication.standard_name}"
    return refuse(code, message, rule=rule, remedy=remedy)
