# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Kerberos clients of a domain controller need: where its key distribution center is, and keys."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KDC_PORT = 88
OTHER_SERVICE = "ldap/localhost"
"""What the realm calls a directory on localhost that is not its own."""


@dataclass(frozen=True)
class Realm:
    """A Kerberos realm that answers."""

    name: str
    kdc: str
    """Address of its key distribution center."""
    keytab: Path
    """The service account's key."""
    other_keytab: Path
    """The key of another account."""
    service_keytab: Path
    """The key of the service `OTHER_SERVICE`."""

    def conf(self, *, kdc: str = "", **settings: str) -> str:
        """Write a client's configuration (krb5.conf(5)); it knows no other realm and asks no DNS.

        :param kdc: host and port to ask in place of the realm's own.
        :param settings: more of [libdefaults].
        """
        more = "".join(f"            {name} = {value}\n" for name, value in settings.items())
        # Without the limit clients try UDP first, which the lab does not need.
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
