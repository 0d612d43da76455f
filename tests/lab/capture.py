# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record the responses of real servers for the unit tests.

    PYTHONPATH=. python -m tests.lab.capture

The script searches Samba and OpenLDAP for people and groups of the lab's fictional company. Each line of a fixture file
contains one page of a result: the decrypted bytes, encoded in base64.
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ldap3

from tests.lab.authority import authority
from tests.lab.company import build_company
from tests.lab.openldap import openldap
from tests.lab.samba import samba

if TYPE_CHECKING:
    from tests.lab.directory import RunningDirectory

FIXTURES = Path(__file__).parents[1] / "unit/fixtures"

# The results contain names with non-ASCII letters, and groups with one and with many members. The result from Samba
# also contains a search result reference.
_FILTER = "(|(givenName=Å*)(givenName=Ø*)(givenName=S*)(member=*))"
_ATTRIBUTES = [
    *("objectClass", "cn", "givenName", "sn", "mail", "mobile", "telephoneNumber", "title"),
    *("department", "physicalDeliveryOfficeName", "member", "objectGUID", "objectSid", "entryUUID"),
]
_PAGE_SIZE = 10


class _Recorder:
    """A socket wrapper that records the received bytes."""

    def __init__(self, connected: Any) -> None:
        self._connected = connected
        self.received = bytearray()

    def recv(self, size: int) -> bytes:
        """Receive and record bytes."""
        data: bytes = self._connected.recv(size)
        self.received += data
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connected, name)


def capture(directory: RunningDirectory) -> list[bytes]:
    """Run one paged search, and return the raw bytes of each page."""
    pages: list[bytes] = []
    with directory.session() as session:
        connected, cookie = session.socket, b""
        while cookie or not pages:
            recorder = session.socket = _Recorder(connected)
            session.search(
                directory.base_dn,
                _FILTER,
                ldap3.SUBTREE,
                attributes=_ATTRIBUTES,
                paged_size=_PAGE_SIZE,
                paged_cookie=cookie,
            )
            pages.append(bytes(recorder.received))
            cookie = session.result["controls"]["1.2.840.113556.1.4.319"]["value"]["cookie"]
    return pages


def main() -> int:
    """Write one fixture file for each server."""
    FIXTURES.mkdir(exist_ok=True)
    with authority() as issuer:
        for name, server in (("samba", samba), ("openldap", openldap)):
            with server(build_company(), issuer) as directory:
                pages = capture(directory)
            lines = [f"{base64.b64encode(page).decode('ascii')}\n" for page in pages]
            (FIXTURES / f"{name}.answers").write_text("".join(lines), encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
