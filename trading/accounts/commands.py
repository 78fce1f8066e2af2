"""What may be asked about accounts."""

from __future__ import annotations

import uuid
from typing import Annotated

from pydantic import BaseModel, StringConstraints

from trading.parties.commands import Line, OptionalLine, Phone, Size, Uscc

Login = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._@-]{2,59}$"),
]
RoleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{1,39}$")]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class Registration(BaseModel):
    """An enterprise and its first user, on one page (注册; Order 20 art. 9: free and open to all)."""

    uscc: Uscc
    organisation: Line
    phone: Phone
    name: Line
    login: Login
    password: Secret
    legal_representative: OptionalLine = ""
    address: OptionalLine = ""
    size: Size = ""


class Credentials(BaseModel):
    """Login name and password."""

    login: Annotated[
        str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=60)
    ]
    password: Secret


class Code(BaseModel):
    """A one-time code of the phone, or a recovery code."""

    code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=6, max_length=20)]


class EnrolTotp(Code):
    """The first code of a new secret; `sealed` is the secret as the page carried it."""

    sealed: Secret


class ChangePassword(BaseModel):
    """The old password and the new one."""

    current: Secret
    password: Secret


class NewApiKey(BaseModel):
    """A key for a program of one's own."""

    label: Line


class NewColleague(BaseModel):
    """Another user of the same enterprise."""

    name: Line
    login: Login


class NewUser(NewColleague):
    """A user whom the system administrator creates; roles come from the security administrator."""

    uscc: OptionalLine = ""


class RoleChange(BaseModel):
    """A role given to a user or taken away."""

    user: uuid.UUID
    role: RoleName


class EnrolCertificate(BaseModel):
    """A PKCS#10 certificate request in PEM."""

    csr: Annotated[str, StringConstraints(min_length=1, max_length=20000)]
