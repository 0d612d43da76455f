# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody with an account, as the company's data and the directories' entries both see them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

NEVER_EXPIRES = 0x7FFF_FFFF_FFFF_FFFF
"""accountExpires of an account without an end (MS-ADA1, accountExpires); 0 means the same."""

_IDENTITIES = uuid.uuid5(uuid.NAMESPACE_DNS, "fjord.test")


def filetime(moment: datetime) -> int:
    """Express a time as Active Directory does: in units of 100 ns since 1601 (MS-DTYP, 2.3.3)."""
    since = moment - datetime(1601, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10_000_000


def identity(account: str) -> uuid.UUID:
    """Return the identity of an account: objectGUID or entryUUID, whichever server has it."""
    return uuid.uuid5(_IDENTITIES, account)


@dataclass(frozen=True)
class Site:
    """A place of work: its name, its location identifier, its Organizational Unit's name."""

    name: str
    location: str
    ou: str


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with an account; an attribute that is empty is absent from the directory."""

    account: str
    given_name: str
    last_name: str
    display_name: str
    mail: str = ""
    mobile: str = ""
    telephone: str = ""
    title: str = ""
    department: str = ""
    office: str = ""
    ou: tuple[str, ...]
    """Names of the Organizational Units from below Staff downwards; the first is the site's."""
    disabled: bool = False
    account_expires: int = NEVER_EXPIRES

    @property
    def identity(self) -> uuid.UUID:
        """What tells this person apart for ever."""
        return identity(self.account)

    @property
    def active(self) -> bool:
        """Whether a front desk should know this person: enabled and not expired."""
        now = filetime(datetime.now(UTC))
        return not self.disabled and (self.account_expires == 0 or self.account_expires > now)
