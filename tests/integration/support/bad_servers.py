# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that are left for the next one: what is wrong with each, and what is said of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.integration.support.faulty_line import faulty_line
from tests.integration.support.modules import run_module
from tests.integration.support.options import export_options
from tests.lab.authority import Authority
from tests.lab.directory import RunningDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.integration.support.faults import Fault
    from tests.integration.support.place import Place

IMPATIENT = {"connection_timeout": 1, "receive_timeout": 1}
PAGE_SIZE = 5

Start = Callable[[RunningDirectory, Authority], AbstractContextManager[str]]
"""Starts what is wrong, before a directory that is right, and gives its URI."""


@dataclass(frozen=True)
class BadServer:
    """A server that cannot be read, or not to the end.

    :ivar message: what is said of it. ``{uri}``, ``{bind_dn}`` and ``{base}``, that of the first source, are
        filled in; ``(*)`` stands for the words of others, which differ between releases.
    :ivar options: of the export, beside those of a right one.
    """

    start: Start
    message: str
    options: dict[str, Any]


def line(fault: Callable[[], Fault], message: str, *, waits: bool = False) -> BadServer:
    """A directory with a fault in its answers.

    :param waits: whether the client has to wait until it knows.
    """

    def start(directory: RunningDirectory, issuer: Authority) -> AbstractContextManager[str]:
        return faulty_line(directory, fault=fault(), certificate=issuer.issue("localhost"))

    return BadServer(start, message, dict(IMPATIENT) if waits else {})


def at(uri: Callable[[RunningDirectory], str], message: str, **options: Any) -> BadServer:
    """A URI that is wrong."""
    return BadServer(lambda directory, _issuer: nullcontext(uri(directory)), message, options)


def on_port(port: Callable[[], AbstractContextManager[int]], message: str) -> BadServer:
    """A port on which nobody speaks."""

    @contextmanager
    def start(_directory: RunningDirectory, _issuer: Authority) -> Iterator[str]:
        with port() as number:
            yield f"ldaps://localhost:{number}"

    return BadServer(start, message, dict(IMPATIENT))


def check_left(
    bad: BadServer,
    directory: RunningDirectory,
    issuer: Authority,
    place: Place,
    right: Mapping[str, bytes],
) -> None:
    """See that the export comes whole from the right server behind a bad one, and says why.

    :param right: the files that the right server gives alone.
    """
    company = directory.company
    good = directory.uri_ldap if bad.options.get("start_tls") else directory.uri_ldaps
    with bad.start(directory, issuer) as uri:
        options: dict[str, Any] = {"server_uri": [uri, good], "page_size": PAGE_SIZE}
        answer = run_module(
            place,
            "ad_contacts_export",
            export_options(directory, place, **options, **bad.options),
        )
    assert answer["server"] == good
    (warning,) = answer.warnings
    expected = bad.message.format(
        uri=uri, bind_dn=directory.bind_dn, base=company.site_dn(company.sites[0])
    )
    assert_told(warning, f"Failed over from {uri} to the next server. {expected}")
    assert place.files() == right


def assert_told(text: str, expected: str) -> None:
    """See that a text is the expected one.

    In that, ``(*)`` stands for the words of others, and ``<this|that>`` for one of the two.
    """
    pattern = re.escape(expected).replace(re.escape("(*)"), r"\(.+\)")
    pattern = re.sub("<(.+?)>", lambda choice: f"(?:{choice[1]})".replace(r"\|", "|"), pattern)
    assert re.fullmatch(pattern, text), text
