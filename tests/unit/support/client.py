# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Uploads of a small roster to servers on the loopback interface."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from ansible_collections.frontdesk.contacts.plugins.module_utils._service.client import send_file
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    Credential,
    Endpoint,
    Retries,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint_checks import (
    check_endpoint,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.request_body import (
    FileContent,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.response import Response

CSV = "Name,Email\r\nÅse,ase@x.no\r\n".encode()


def send_roster(port: int, path: str = "/contacts", **changes: Any) -> Response:
    """Send the roster, by default with a token.

    :param port: port of the server on the loopback interface.
    :param path: path and query of the URL.
    :param changes: new values for fields of the endpoint or of its credential.
    """
    credential = Credential(token="t0ken", token_header="Authorization", token_prefix="Bearer")
    credential_changes = {name: changes.pop(name) for name in vars(credential) if name in changes}
    endpoint = Endpoint(
        url=f"http://127.0.0.1:{port}{path}",
        credential=replace(credential, **credential_changes),
        retries=Retries(limit=0, interval=0),
        timeout=20,
    )
    endpoint = replace(endpoint, **changes)
    check_endpoint(endpoint)
    return send_file(endpoint, "receptionist.csv", FileContent(io.BytesIO(CSV), len(CSV)))


def exchange(port: int, path: str = "/contacts", **changes: Any) -> tuple[int, bytes]:
    """Send the roster as `send_roster` does, and return the status code and content of the response."""
    response = send_roster(port, path, **changes)
    return response.status, response.body.content
