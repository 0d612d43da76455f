# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the recognition of responses that come from a firewall instead of the service."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import Diagnosis
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.firewall import (
    FIREWALL,
    MAYBE_FIREWALL,
    explain_firewall,
    find_firewall,
)
from requests.structures import CaseInsensitiveDict

JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain; charset=UTF-8"}
HTML = {"content-type": "Text/HTML;charset=utf-8"}
CLOUDFLARE = {"server": "cloudflare", "CF-RAY": "8f00-OSL"}
F5_PAGE = b"<html>The requested URL was rejected. Please consult with your administrator."


@pytest.mark.parametrize(
    ("status", "headers", "content", "origin"),
    [
        (403, {**TEXT, **CLOUDFLARE}, b"error code: 1010", FIREWALL),
        (429, {**TEXT, **CLOUDFLARE}, b"error code: 1015", FIREWALL),
        (403, {**HTML, "cf-mitigated": "challenge"}, b"", FIREWALL),
        (503, {**HTML, "CF-Mitigated": "challenge"}, b"", FIREWALL),
        (403, {**HTML, **CLOUDFLARE}, b"<title>", FIREWALL),
        (403, {**HTML, "Server": "AkamaiGHost"}, b"<H1>Access Denied</H1>", FIREWALL),
        (403, {"Server": "awselb/2.0", **TEXT}, b"no", FIREWALL),
        (406, {"Server": "awselb/2.0"}, b"", FIREWALL),
        (403, {"x-amzn-waf-action": "captcha"}, b"", FIREWALL),
        (403, HTML, F5_PAGE, FIREWALL),
        (403, HTML, b"<p>Incapsula incident ID: 1-2</p>", FIREWALL),
        # These pages can also come from the web server of the service.
        (403, HTML, b"<h1>Forbidden</h1>", MAYBE_FIREWALL),
        (403, {}, b" <html>", MAYBE_FIREWALL),
        (406, HTML, b"", MAYBE_FIREWALL),
        (503, {**HTML, **CLOUDFLARE}, b"<title>", MAYBE_FIREWALL),
        (429, {**HTML, "Server": "AkamaiGHost"}, b"<title>", MAYBE_FIREWALL),
        # Responses from services, including services behind a content delivery network.
        (403, {**JSON, **CLOUDFLARE}, b'{"error": "no"}', ""),
        (403, JSON, b"<", ""),
        (403, {}, b"", ""),
        (503, HTML, b"<h1>Maintenance</h1>", ""),
        (429, HTML, b"<h1>Slow down</h1>", ""),
        # Only responses with the status 403, 406, 429 or 503 are examined.
        (401, {**HTML, **CLOUDFLARE}, b"error code: 1010", ""),
        (200, {**HTML, "cf-mitigated": "challenge"}, b"", ""),
        (500, {**HTML, **CLOUDFLARE}, b"error code: 1010", ""),
    ],
)
def test_origin_of_a_response_is_found(
    status: int, headers: dict[str, str], content: bytes, origin: str
) -> None:
    assert find_firewall(status, CaseInsensitiveDict(headers), content) == origin


def test_remedy_for_a_possible_firewall_includes_the_remedy_for_the_service() -> None:
    diagnosis = Diagnosis("the credential lacks the required permission", "Check O(token)")
    cause, remedy = explain_firewall(MAYBE_FIREWALL, diagnosis)
    assert cause.startswith(f"{diagnosis.cause}; the response is an HTML page")
    assert remedy.startswith("Check O(token). If it comes from a firewall or proxy, ask its admin")
    certain = explain_firewall(FIREWALL, diagnosis)
    assert "credential" not in certain.cause
    assert "O(token)" not in certain.remedy
    for text in (remedy, certain.remedy):
        assert text.endswith("allow requests from this host, or set User-Agent in O(headers)")
