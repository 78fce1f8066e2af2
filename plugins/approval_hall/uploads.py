"""Files and signatures that pages send (上传)."""

from __future__ import annotations

import base64
from typing import Any

from pyramid.request import Request

from plugins.approval_hall.papers.keeping import LARGEST
from trading.errors import refuse
from trading.web import _


def uploaded(request: Request, field: str) -> tuple[str, bytes]:
    """Name and bytes of a file field; ("", b"") when nothing was chosen. Never more bytes than a paper may have and one."""
    found: Any = request.POST.get(field)
    if not hasattr(found, "file"):
        return "", b""
    name = (found.filename or "").replace("\\", "/").rpartition("/")[2]
    return name[:200], found.file.read(LARGEST + 1)


def signature(text: str) -> bytes:
    """A detached signature as the page sends it, in base64url. Raises Refused `signature.base64`."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise refuse("signature.base64", _("The signature is not in base64")) from None


def unpadded(data: bytes) -> str:
    """Bytes for a page that will sign them."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
