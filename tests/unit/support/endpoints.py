# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A valid endpoint, and a function that returns changed copies of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    Credential,
    Endpoint,
)

ENDPOINT = Endpoint(
    url="https://x.no/contacts",
    credential=Credential(token="t0ken", token_header="Authorization", token_prefix="Bearer"),
)

INVALID_HEADER_VALUE = (
    "it contains characters that are not allowed in an HTTP header. "
    "Use only printable ASCII characters, without line breaks."
)
"""Cause and remedy in the message about an invalid header value."""


def endpoint_with(changes: Mapping[str, Any]) -> Endpoint:
    """Return a changed copy of the endpoint.

    :param changes: new values for fields of the endpoint or of its parts.
    """
    endpoint, changes = ENDPOINT, dict(changes)
    for part in ("credential", "body", "tls", "retries"):
        old = getattr(endpoint, part)
        part_changes = {name: changes.pop(name) for name in vars(old) if name in changes}
        endpoint = replace(endpoint, **{part: replace(old, **part_changes)})
    return replace(endpoint, **changes)
