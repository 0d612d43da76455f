# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services whose responses repeat secrets and personal data, which must be neither shown nor stored."""

from __future__ import annotations

import base64
import html
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.integration.support.modules import ModuleResult, run_module
from tests.integration.support.raw_service import Connection, raw_service
from tests.integration.support.rosters import make_contacts, write_roster

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.support.workspace import Workspace
    from tests.lab.authority import Authority

pytestmark = pytest.mark.every_library

TOKEN = "Tk7.ab/cd+ef=gh"
SECRETS = {
    "header": "H3ader/secret+value",
    "query": "Qu3ry/secret+value",
    "form": "F0rm secret & value",
}
ACCOUNT = "hush-account"
# Values of a person in the new roster, and of a person who is only in the last accepted roster.
PRESENT = ("Zebedy", "Quarrelstone", "zebedy.q@fjord.test", "+4790099001")
FORMER = ("M\u00fcjgan", "O'Gorman", "mgorman@fjord.test", "+4790099002")
VALUES = [TOKEN, *SECRETS.values(), ACCOUNT, *PRESENT, *FORMER]
ENCODINGS: list[Callable[[str], str]] = [
    str,
    str.upper,
    str.lower,
    lambda text: quote(text, safe=""),
    lambda text: quote(quote(text, safe=""), safe=""),
    lambda text: json.dumps(text)[1:-1],
    html.escape,
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: base64.urlsafe_b64encode(f"ada:{text}".encode()).decode(),
    lambda text: text.encode().hex(),
]
ECHOES = [encode(value) for value in VALUES for encode in ENCODINGS]


def _echo(connection: Connection, status: str, media_type: str) -> None:
    """Respond with every value in every encoding in the body and the Location header.

    The status line and other headers also contain some of the values.
    """
    connection.read_request()
    path = "/".join(quote(echo) for echo in ECHOES)
    headers = [
        f"Content-Type: {media_type}; echo={quote(TOKEN)}",
        f"Location: https://{FORMER[2].partition('@')[0]}.test/{path}?token={quote(TOKEN)}",
        f"Server: {TOKEN} {PRESENT[1]}",
        f"X-Token: {TOKEN}",
        f"WWW-Authenticate: Bearer error_description={json.dumps(f'{TOKEN} of {PRESENT[1]} is wrong')}",
    ]
    sentences = [f"{echo} is wrong" for echo in ECHOES]
    document: dict[str, Any] = {
        "counts": {
            "received": 1,
            **{f"key_{echo}": 2 for echo in ECHOES},
            **dict.fromkeys(ECHOES, 3),
        },
        "errors": [{"row": 1, "column": echo, "error": f"{echo} is wrong"} for echo in ECHOES],
        "message": sentences[0],
        "error": {"message": " ".join(sentences), "detail": sentences[-1]},
        **{echo: echo for echo in ECHOES},
    }
    body = json.dumps(document) if media_type == "application/json" else " ".join(sentences)
    connection.respond(f"{status} {TOKEN} {PRESENT[1]}", body.encode(), *headers)


def _assert_hidden(text: str) -> None:
    """Assert that a string contains none of the values in any encoding."""
    folded = text.casefold()
    assert not [echo for echo in ECHOES if echo.casefold() in folded]
    assert not [echo for echo in ECHOES if json.dumps(echo)[1:-1].casefold() in folded]


def _upload(url: str, ca: Authority, workspace: Workspace, **overrides: Any) -> ModuleResult:
    options = {
        "src": str(workspace.dest),
        "url": f"{url}/{quote(TOKEN, safe='')}/import?account={ACCOUNT}",
        "token": TOKEN,
        "secrets": [
            {"name": f"X-{place}", "in": place, "value": secret}
            for place, secret in SECRETS.items()
        ],
        "ca_path": str(ca.ca_file),
        "state_dir": str(workspace.state_dir),
        "retries": 0,
        "max_removed_percent": 100,
        "result": {"counts": "counts", "errors": "errors"},
        "_ansible_verbosity": 4,
        **overrides,
    }
    result = run_module(workspace, "contact_upload", options)
    receipt = workspace.state_dir / "receipt.json"
    for text in (result.output, receipt.read_text("utf-8") if receipt.exists() else ""):
        # With -vvv, Ansible shows the option url, including its query.
        _assert_hidden(text.replace(f"account={ACCOUNT}", ""))
    return result


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "text/html"])
def test_no_value_that_a_service_repeats_is_shown_or_stored(
    media_type: str, ca: Authority, workspace: Workspace
) -> None:
    # Status 200 is the last one: the service accepts some rows, after which the former person is no longer known.
    statuses = ["422", "302", "307", "401", "403", "429", "500", "202", "200"]
    remaining = iter(statuses)
    accepted = json.dumps(
        {"counts": {"received": 2, f"key_{TOKEN}": 1, FORMER[1]: 1}, "errors": []}
    ).encode()
    is_first = True

    def handle(connection: Connection) -> None:
        if is_first:
            connection.read_request()
            connection.respond("200 OK", accepted, "Content-Type: application/json")
        else:
            _echo(connection, next(remaining), media_type)

    contacts = make_contacts(3)
    for index, values in enumerate((PRESENT, FORMER)):
        names = ("first_name", "last_name", "email", "mobile")
        contacts[index] = replace(contacts[index], **dict(zip(names, values, strict=True)))
    with raw_service(ca, handle) as url:
        write_roster(workspace.dest, contacts)
        result = _upload(url, ca, workspace, initial=True)
        assert result["receipt"]["counts"] == {"received": 2}
        assert result["receipt"]["endpoint"] == f"{url}/.../import"
        is_first = False
        write_roster(workspace.dest, [contacts[0], contacts[2]])
        messages = [_upload(url, ca, workspace).data.get("msg", "") for _status in statuses]
    assert all(messages), messages
    if media_type == "application/json":
        assert messages[0].startswith(f"Cannot upload to {url}/.../import: it returned HTTP 422")
