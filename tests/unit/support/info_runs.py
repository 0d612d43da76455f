# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of ad_contacts_info against directory servers on the loopback interface."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_options import (
    parse_read_options,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.export_spec import (
    info_spec,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._module.info import (
    Info,
    collect_info,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import Directory
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    SEARCH,
    Message,
    entry,
    ldap_server,
    page_end,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.module import complete_params, source
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import tls

ROOT_DSE = {"vendorName": [b"Somebody"], "namingContexts": [b"dc=x"]}
"""Attributes of the root DSE of a `PeopleDirectory`."""


def person(number: int, **attributes: list[bytes]) -> Message:
    """Return the entry of a person with all attributes of the default columns.

    :param number: number from which the DN, the identity, the email address and the phone number are derived.
    :param attributes: additional attributes, or replacements for the default values.
    """
    defaults = {
        "entryUUID": [str(uuid.UUID(int=number)).encode()],
        "givenName": [b"Kari"],
        "sn": [b"Lie"],
        "mail": [b"%d@x.no" % number],
        "mobile": [b"+479000000%d" % number],
    }
    return entry(f"cn={number},dc=x", {**defaults, **attributes})


class PeopleDirectory(Directory):
    """A directory server with people in OUs.

    :param people: people in ``ou=NAME,dc=x``, by NAME; if None, the server closes the connection when the OU is
        searched.
    :ivar people: the same people, by encoded DN of the OU.
    """

    def __init__(self, **people: Sequence[Message] | None) -> None:
        super().__init__(**ROOT_DSE)
        self.people = {f"ou={name},dc=x".encode(): entries for name, entries in people.items()}

    def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
        for ou, entries in self.people.items():
            if request == SEARCH and ou in content:
                self.operations.append(SEARCH)
                return None if entries is None else [*entries, page_end(b"")]
        return super().__call__(request, content)


@contextmanager
def serve_directories(tmp_path: Path, *directories: Directory) -> Iterator[dict[str, Any]]:
    """Start directory servers with TLS, and provide the options for reading people from them.

    :param tmp_path: directory for the CA certificate.
    """
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


def run_info(*sources: dict[str, Any], **options: Any) -> Info:
    """Run ad_contacts_info.

    :param sources: elements of the option ``sources``.
    :param options: other options of the module.
    """
    return collect_info(
        parse_read_options(complete_params(info_spec(), sources=list(sources), **options))
    )


def source_in(name: str, **options: Any) -> dict[str, Any]:
    """Return a source that searches an OU of a `PeopleDirectory`.

    :param name: name of the OU.
    :param options: other options of the source.
    """
    return source(f"ou={name},dc=x", **options)
