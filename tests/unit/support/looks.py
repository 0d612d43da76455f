# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers on loopback with people, and looking at them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_options import (
    info_spec,
    parse_read_options,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.info import Info, info
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import Directory
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    SEARCH,
    Message,
    entry,
    ldap_server,
    page_end,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import filled_in, source
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import tls

ROOT = {"vendorName": [b"Somebody"], "namingContexts": [b"dc=x"]}


def person(number: int, **more: list[bytes]) -> Message:
    """Somebody who has all that the columns want."""
    attributes = {
        "entryUUID": [str(uuid.UUID(int=number)).encode()],
        "givenName": [b"Kari"],
        "sn": [b"Lie"],
        "mail": [b"%d@x.no" % number],
        "mobile": [b"1"],
        **more,
    }
    return entry(f"cn={number},dc=x", attributes)


class SourceReader(Directory):
    """A server with people below bases, and what it says of itself.

    :ivar people: what is said of a base; None hangs up.
    """

    def __init__(self, **people: Sequence[Message] | None) -> None:
        super().__init__(**ROOT)
        self.people = {f"ou={base},dc=x".encode(): said for base, said in people.items()}

    def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
        for base, said in self.people.items():
            if request == SEARCH and base in content:
                self.asked.append(SEARCH)
                return None if said is None else [*said, page_end(b"")]
        return super().__call__(request, content)


@contextmanager
def listening(tmp_path: Path, *directories: Directory) -> Iterator[dict[str, Any]]:
    """Options that lead to these servers, with TLS."""
    server_tls = tls(tmp_path, "localhost")
    with ExitStack() as stack:
        servers = [ldap_server(directory, server_tls.context) for directory in directories]
        ports = [stack.enter_context(server) for server in servers]
        yield {
            "server_uri": [f"ldaps://localhost:{port}" for port in ports],
            "bind_dn": "cn=svc",
            "bind_pw": "s3cret",
            "ca_path": str(server_tls.ca_file),
            "filter": "(sn=*)",
            "receive_timeout": 5,
        }


def look(*sources: dict[str, Any], **options: Any) -> Info:
    """Look at servers for people of these sources."""
    return info(parse_read_options(filled_in(info_spec(), sources=list(sources), **options)))


def base(name: str, **given: Any) -> dict[str, Any]:
    """A source: one of the bases of `SourceReader`."""
    return source(f"ou={name},dc=x", **given)
