# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One entry, and all values of it, however a server hands them out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.reading import (
    read_values,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import (
    Directory,
    access_to,
    open_session,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    SEARCH,
    Message,
    entry,
    ldap_server,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import tls

GROUP = "CN=Everybody,DC=x"


class _Ranges(Directory):
    """Gives two members at a time, as Active Directory does: beside a range the name itself, without values."""

    def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
        if request != SEARCH or GROUP.encode() not in content:
            return super().__call__(request, content)
        if b"member;range=2-*" in content:
            held = {"member;range=2-*": [b"c"]}
        else:
            held = {"member": [], "member;range=0-1": [b"a", b"b"], "member;lang-de": [b"x"]}
        return [entry(GROUP, held), result(SEARCH)]


def test_all_values_are_read_though_they_come_in_ranges(tmp_path: Path) -> None:
    server_tls = tls(tmp_path, "localhost")
    with ldap_server(_Ranges(), server_tls.context) as port:
        access = access_to(server_tls, f"ldaps://localhost:{port}")
        with open_session(access) as session:
            assert read_values(session, GROUP, ["member"]) == {"member": [b"a", b"b", b"c"]}
