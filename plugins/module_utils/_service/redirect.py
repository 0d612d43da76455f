# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The target of a redirect, and what it means for the upload.

Redirects are not followed: the roster would be sent to an address that is not configured.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urljoin, urlsplit

from .._errors import Diagnosis
from .._hosts import is_host
from .status import DOCUMENTATION

ADD_SLASH, REMOVE_SLASH = "add slash", "remove slash"
LOGIN, MOVED, OTHER = "login", "moved", "other"
"""Kinds of redirect targets.

ADD_SLASH, REMOVE_SLASH: the host is that of the URL, and the path differs only in its trailing slash.
LOGIN: the target looks like a login page.
MOVED: the scheme, host or port is different, but the path is the same, apart from its trailing slash.
OTHER: any other target, or none.
"""

_LOGIN = re.compile(
    r"(?<![a-z])(?:log-?in|log-?on|sign-?in|sso|saml2?|oauth2?|oidc|authorize|authenticate|auth|adfs|idp"
    r"|sessions?|accounts)(?![a-z])"
)


class RedirectTarget(NamedTuple):
    """The target of a redirect.

    :ivar kind: ADD_SLASH, REMOVE_SLASH, LOGIN, MOVED or OTHER.
    :ivar host: scheme and host if the scheme, the host or the port differs from that of the URL; otherwise empty.
    :ivar port: port with a colon; empty if there is none, or if `host` is empty.
    :ivar path: path without the query, not masked; empty if the target is missing or malformed.
    """

    kind: str = OTHER
    host: str = ""
    port: str = ""
    path: str = ""


def read_target(url: str, location: str) -> RedirectTarget:
    """Compare the target of a redirect with the URL of the upload.

    :param location: value of the Location header (RFC 9110, 10.2.2); empty if there is none.
    """
    with suppress(ValueError):
        source, target = urlsplit(url), urlsplit(urljoin(url, location.strip()))
        host = target.hostname or ""
        if location.strip() and target.scheme in ("http", "https") and is_host(host):
            path = unquote(target.path or "/", errors="replace")
            if _origin(source) == _origin(target):
                return RedirectTarget(_kind(source, target), path=path)
            port = f":{target.port}" if target.port else ""
            host = f"[{host}]" if ":" in host else host
            return RedirectTarget(_kind(source, target), f"{target.scheme}://{host}", port, path)
    return RedirectTarget()


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, port


def _kind(source: SplitResult, target: SplitResult) -> str:
    same_path = (target.path or "/").rstrip("/") == (source.path or "/").rstrip("/")
    if source.hostname == target.hostname and same_path and source.path != target.path:
        return ADD_SLASH if target.path.endswith("/") else REMOVE_SLASH
    if _login_words(target) - _login_words(source):
        return LOGIN
    is_moved = same_path and _origin(source) != _origin(target)
    return MOVED if is_moved else OTHER


def _login_words(parts: SplitResult) -> set[str]:
    """Return the words in a host name, a path and a query that indicate a login page.

    In a query, the page is a value, as in ``?route=login``, or a name without a value, as in ``?login``.
    """
    query = [value or name for name, value in parse_qsl(parts.query, keep_blank_values=True)]
    # A value that is an address usually names the page to which the login page returns.
    pages = " ".join(page for page in query if "/" not in page)
    address = f"{parts.hostname or ''}{unquote(parts.path)} {pages}".lower().replace("_", "-")
    return set(_LOGIN.findall(address))


def explain_redirect(status: int, kind: str, address: str, credential: str) -> Diagnosis:
    """Return the cause and the remedy for a redirect.

    After an upload, the target of 303 is the result of the upload (RFC 9110, 15.4.4), so the remedy never recommends
    this target. The same applies to the target of 301 or 302 if its path differs in more than a trailing slash, because
    many services use these status codes like 303.

    :param kind: kind of the target.
    :param address: the target without its query, masked; empty if it is missing or malformed.
    :param credential: names of the options that define the credential.
    """
    target = f"a redirect to {address}" if address else "a redirect without a valid target"
    if kind == LOGIN:
        return Diagnosis(f"{target}, which looks like a login page", f"Check {credential}")
    if status == 303:
        return Diagnosis(
            f"with the result at {address}" if address else target,
            "Check in the service whether it has imported the contacts; the next run sends the roster again",
        )
    if kind in (ADD_SLASH, REMOVE_SLASH):
        change = "Add a slash at" if kind == ADD_SLASH else "Remove the slash at"
        return Diagnosis(target, f"{change} the end of O(url)")
    if address.startswith("http://"):
        return Diagnosis(
            f"{target}, which is not encrypted",
            f"Compare O(url) with {DOCUMENTATION}, or report the redirect to the service's administrator",
        )
    if kind == MOVED or (status in (307, 308) and address):
        return Diagnosis(target, f"Set O(url) to this address if {DOCUMENTATION} confirms it")
    return Diagnosis(target, f"Compare O(url) and O(method) with {DOCUMENTATION}")
