# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kerberos settings for clients of a domain controller: the realm, the KDC and keytabs."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KDC_PORT = 88
OTHER_SERVICE = "ldap/localhost"
"""Service principal, without the realm, of an LDAP server on localhost that is not the domain controller."""


@dataclass(frozen=True, kw_only=True)
class Realm:
    """A Kerberos realm with a running KDC."""

    name: str
    kdc: str
    """IP address of the KDC."""
    keytab: Path
    """Keytab of the service account."""
    other_keytab: Path
    """Keytab of another account."""
    service_keytab: Path
    """Keytab of the service `OTHER_SERVICE`."""

    def conf(self, *, kdc: str = "", **settings: str) -> str:
        """Return a client configuration (krb5.conf(5)) that contains only this realm and does not use DNS.

        :param kdc: host and port to use instead of the KDC of the realm.
        :param settings: additional settings for [libdefaults].
        """
        more = "".join(f"            {name} = {value}\n" for name, value in settings.items())
        # udp_preference_limit makes clients use TCP immediately instead of trying UDP first.
        return textwrap.dedent(f"""\
            [libdefaults]
            default_realm = {self.name}
            dns_lookup_realm = false
            dns_lookup_kdc = false
            udp_preference_limit = 1
{more}            [realms]
            {self.name} = {{
                kdc = {kdc or f"{self.kdc}:{KDC_PORT}"}
            }}
            """)
