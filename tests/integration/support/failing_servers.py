# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that fail in different ways, and assertions about failover and about error messages."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.integration.support.ldap_proxy import ldap_proxy
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.lab.authority import Authority
from tests.lab.directory import RunningDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.integration.support.faults import Fault
    from tests.integration.support.workspace import Workspace

SHORT_TIMEOUTS = {"connection_timeout": 1, "receive_timeout": 1}
PAGE_SIZE = 5

ServerFactory = Callable[[RunningDirectory, Authority], AbstractContextManager[str]]
"""A function that returns a context manager, which runs a failing server and yields the server's URI."""


@dataclass(frozen=True)
class FailingServer:
    """A server that does not return a complete result.

    :ivar start: function that runs the server; see `ServerFactory`.
    :ivar message: template of the expected error, for `assert_message`, with the fields ``{uri}``, ``{bind_dn}``
        and ``{base}`` (the base of the first source).
    :ivar options: additional options for the export.
    """

    start: ServerFactory
    message: str
    options: dict[str, Any]


def server_with_fault(
    fault: Callable[[], Fault], message: str, *, short_timeouts: bool = False
) -> FailingServer:
    """Return a server behind a proxy that injects a fault.

    :param fault: function that creates the fault.
    :param message: template of the expected error; see `FailingServer`.
    :param short_timeouts: whether the fault causes a timeout, so that the export needs short timeouts.
    """

    def start(directory: RunningDirectory, ca: Authority) -> AbstractContextManager[str]:
        return ldap_proxy(directory, fault=fault(), certificate=ca.issue("localhost"))

    return FailingServer(start, message, dict(SHORT_TIMEOUTS) if short_timeouts else {})


def server_at_uri(
    uri: Callable[[RunningDirectory], str], message: str, **options: Any
) -> FailingServer:
    """Return a server that fails because its URI is wrong.

    :param uri: function that returns the URI for a given directory.
    :param message: template of the expected error; see `FailingServer`.
    :param options: additional options for the export.
    """
    return FailingServer(lambda directory, _ca: nullcontext(uri(directory)), message, options)


def server_on_port(port: Callable[[], AbstractContextManager[int]], message: str) -> FailingServer:
    """Return a server that does not respond on its port.

    :param port: function that returns a context manager, which yields the port.
    :param message: template of the expected error; see `FailingServer`.
    """

    @contextmanager
    def start(_directory: RunningDirectory, _ca: Authority) -> Iterator[str]:
        with port() as number:
            yield f"ldaps://localhost:{number}"

    return FailingServer(start, message, dict(SHORT_TIMEOUTS))


def assert_failover(
    failing: FailingServer,
    directory: RunningDirectory,
    ca: Authority,
    workspace: Workspace,
    expected_files: Mapping[str, bytes],
) -> None:
    """Assert that an export fails over from a failing server to a working one, with a warning.

    :param expected_files: files that an export from the working server writes without failover.
    """
    company = directory.company
    working_uri = directory.uri_ldap if failing.options.get("start_tls") else directory.uri_ldaps
    with failing.start(directory, ca) as uri:
        options: dict[str, Any] = {"server_uri": [uri, working_uri], "page_size": PAGE_SIZE}
        result = run_module(
            workspace,
            "ad_contacts_export",
            export_options(directory, workspace, **options, **failing.options),
        )
    assert result["server"] == working_uri
    (warning,) = result.warnings
    expected = failing.message.format(
        uri=uri, bind_dn=directory.bind_dn, base=company.site_dn(company.sites[0])
    )
    assert_message(warning, f"Failed over from {uri} to the next server. {expected}")
    assert workspace.files() == expected_files


def assert_message(message: str, template: str) -> None:
    """Assert that a message matches a template.

    :param template: expected text. ``(*)`` matches any text in parentheses, such as a library's message that
        differs between releases. ``<*>`` matches any text, and ``<this|that>`` matches either alternative.
    """
    pattern = re.escape(template).replace(re.escape("(*)"), r"\(.+\)")
    pattern = pattern.replace(re.escape("<*>"), ".+")
    pattern = re.sub("<(.+?)>", lambda choice: f"(?:{choice[1]})".replace(r"\|", "|"), pattern)
    assert re.fullmatch(pattern, message), message
