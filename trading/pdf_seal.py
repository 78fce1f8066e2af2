"""The hall's seal on a paper (电子签章): a PDF signature (ISO 32000-2, 12.8) over the whole file."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import PdfSignedData

FIELD = "Seal"


def sealed(pdf: bytes, signer: Any, at: datetime) -> bytes:
    """The PDF with a signature of `signer` (an ISigner) in the field `Seal`; the document itself is not changed,
    the signature is appended."""
    embedding = PdfCMSEmbedder().write_cms(FIELD, IncrementalPdfFileWriter(BytesIO(pdf)))
    next(embedding)
    embedding.send(SigObjSetup(sig_placeholder=PdfSignedData(pdf_name("/Sig"), timestamp=at)))
    # The digest is the signer's matter: it is given the bytes.
    prepared, output = embedding.send(SigIOSetup(md_algorithm="sha256"))
    written = output.getvalue()
    covered = written[: prepared.reserved_region_start] + written[prepared.reserved_region_end :]
    embedding.send(signer.sign(covered, at))
    result: bytes = output.getvalue()
    return result
