# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of redirects: targets and remedies."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.redirect import (
    ADD_SLASH,
    LOGIN,
    MOVED,
    OTHER,
    REMOVE_SLASH,
    RedirectTarget,
    explain_redirect,
    read_target,
)

URL = "https://api.x.no/v1/contacts?list=1"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/v1/contacts/", RedirectTarget(ADD_SLASH, path="/v1/contacts/")),
        ("contacts/?list=1#a", RedirectTarget(ADD_SLASH, path="/v1/contacts/")),
        ("https://API.x.no:443/v1/contacts/", RedirectTarget(ADD_SLASH, path="/v1/contacts/")),
        ("/imports/17?key=secret", RedirectTarget(OTHER, path="/imports/17")),
        ("?page=2", RedirectTarget(OTHER, path="/v1/contacts")),
        ("/users/sign_in?next=%2Fupload", RedirectTarget(LOGIN, path="/users/sign_in")),
        *(
            (f"/{path}", RedirectTarget(LOGIN, path=f"/{path}"))
            for path in (
                "login",
                "log-in.php",
                "Account/LogOn",
                "sso/start",
                "oauth2/authorize",
                "saml2",
                "adfs/ls",
            )
        ),
        *(
            (f"/a?{query}", RedirectTarget(LOGIN, path="/a"))
            for query in ("route=login", "login", "a=b&action=sign-in")
        ),
        *(
            (f"/a?{query}", RedirectTarget(OTHER, path="/a"))
            for query in ("session=7", "next=/login", "token=abc")
        ),
        *(
            (f"/{path}", RedirectTarget(OTHER, path=f"/{path}"))
            for path in ("blogins", "author", "designing", "v2/contacts", "authors/logintools")
        ),
        (
            "https://login.x.no/tenant?user=a",
            RedirectTarget(LOGIN, "https://login.x.no", path="/tenant"),
        ),
        (
            "https://user:pass@eu.x.no:8443/v1/contacts/",
            RedirectTarget(MOVED, "https://eu.x.no", ":8443", "/v1/contacts/"),
        ),
        ("https://[::1]/v1/contacts", RedirectTarget(MOVED, "https://[::1]", path="/v1/contacts")),
        (
            "http://api.x.no/v1/contacts",
            RedirectTarget(MOVED, "http://api.x.no", path="/v1/contacts"),
        ),
        ("https://eu.x.no/", RedirectTarget(OTHER, "https://eu.x.no", path="/")),
        ("//eu.x.no", RedirectTarget(OTHER, "https://eu.x.no", path="/")),
        ("/caf%C3%A9%0A%FF", RedirectTarget(OTHER, path="/caf\u00e9\n\ufffd")),
        *(
            (location, RedirectTarget())
            for location in (
                "",
                " ",
                "http://[::1",
                "http://\x1b[31mred/",
                "http://x:y/",
                "mailto:a@x.no",
            )
        ),
        (f"http://{'x' * 254}/", RedirectTarget()),
    ],
)
def test_target_is_compared_with_the_url(location: str, target: RedirectTarget) -> None:
    assert read_target(URL, location) == target


def test_missing_and_superfluous_trailing_slashes_are_recognized() -> None:
    assert read_target("https://x.no/contacts/", "/contacts").kind == REMOVE_SLASH
    assert read_target("https://x.no", "/").kind == ADD_SLASH


def test_words_that_are_also_in_the_url_of_the_upload_do_not_indicate_a_login_page() -> None:
    assert read_target("https://auth.x.no/sso/upload", "/sso/import").kind == OTHER
    assert read_target("https://auth.x.no/sso/upload", "/sso/login").kind == LOGIN


NEVER_URL = "Compare O(url) and O(method) with the service's documentation"
SET_URL = "Set O(url) to this address if the service's documentation confirms it"
CHECK_IMPORT = (
    "Check in the service whether it has imported the contacts; the next run sends the roster again"
)


@pytest.mark.parametrize(
    ("statuses", "kind", "remedy"),
    [
        ((301, 302, 307, 308), ADD_SLASH, "Add a slash at the end of O(url)"),
        ((301, 302, 307, 308), REMOVE_SLASH, "Remove the slash at the end of O(url)"),
        ((301, 302, 303, 307, 308), LOGIN, "Check O(token)"),
        ((301, 302, 307, 308), MOVED, SET_URL),
        ((307, 308), OTHER, SET_URL),
        ((300, 301, 302, 304), OTHER, NEVER_URL),
        ((303,), OTHER, CHECK_IMPORT),
        ((303,), MOVED, CHECK_IMPORT),
        ((303,), ADD_SLASH, CHECK_IMPORT),
    ],
)
def test_remedy_fits_the_status_and_the_target(
    statuses: tuple[int, ...], kind: str, remedy: str
) -> None:
    for status in statuses:
        cause, advice = explain_redirect(status, kind, "/a/b", "O(token)")
        assert advice == remedy
        assert "/a/b" in cause
        assert ("looks like a login page" in cause) is (kind == LOGIN)


@pytest.mark.parametrize(("status", "kind"), [(301, MOVED), (307, OTHER), (308, MOVED)])
def test_unencrypted_target_is_never_recommended(status: int, kind: str) -> None:
    assert explain_redirect(status, kind, "http://x.no/a", "O(token)") == (
        "a redirect to http://x.no/a, which is not encrypted",
        "Compare O(url) with the service's documentation, or report the redirect to the service's administrator",
    )


@pytest.mark.parametrize(
    ("status", "remedy"), [(302, NEVER_URL), (308, NEVER_URL), (303, CHECK_IMPORT)]
)
def test_missing_target_is_reported(status: int, remedy: str) -> None:
    assert explain_redirect(status, OTHER, "", "O(token)") == (
        "a redirect without a valid target",
        remedy,
    )
