# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""People and sites of the company, and the format of their identities and expiry dates."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

NEVER_EXPIRES = 0x7FFF_FFFF_FFFF_FFFF
"""accountExpires of an account that never expires (MS-ADA1, accountExpires); 0 has the same meaning."""

_IDENTITIES = uuid.uuid5(uuid.NAMESPACE_DNS, "fjord.test")


def filetime(moment: datetime) -> int:
    """Convert a time to the format of Active Directory: units of 100 ns since 1601 (MS-DTYP, 2.3.3)."""
    since = moment - datetime(1601, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10_000_000


def identity(name: str) -> uuid.UUID:
    """Return the UUID that every server initially uses as the objectGUID or entryUUID of an entry.

    :param name: account name, or another unique name of an entry that is not an account, such as its DN.
    """
    return uuid.uuid5(_IDENTITIES, name)


@dataclass(frozen=True)
class Site:
    """A site of the company, with its location identifier and the name of its Organizational Unit."""

    name: str
    location: str
    ou: str


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person with an account.

    Empty attributes are not written to the directory.
    """

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
    """Path of the Organizational Unit below Staff, starting with the unit of the site."""
    disabled: bool = False
    account_expires: int = NEVER_EXPIRES

    @property
    def identity(self) -> uuid.UUID:
        """The objectGUID or entryUUID of the initial entry."""
        return identity(self.account)

    @property
    def active(self) -> bool:
        """Whether the account is enabled and has not expired."""
        now = filetime(datetime.now(UTC))
        return not self.disabled and (self.account_expires == 0 or self.account_expires > now)
