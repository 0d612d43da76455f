# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the secrets of an endpoint: masking in the URL, and the values that must be masked."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    HEADER,
    Credential,
    Endpoint,
    Secret,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.transport import (
    find_secrets,
)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/contacts", "/contacts"),
        ("/Tk7.a/b%c/import?x=1#y", "/Tk7.a/b%c/import"),
        ("/hook/Tk7.a%2Fb%25c/import", "/hook/.../import"),
        ("/hook/x-Tk7.a%252Fb%2525c-y", "/hook/..."),
        ("/api-key-1/", "/.../"),
        # A short secret can occur in the path by chance.
        ("/short/api", "/short/api"),
    ],
)
def test_secret_in_the_path_is_masked(path: str, shown: str) -> None:
    endpoint = Endpoint(
        f"https://x.no:8443{path}",
        credential=Credential(token="Tk7.a/b%c"),
        secrets=(
            Secret("X-Key", HEADER, "api-key-1"),
            Secret("X-Short", HEADER, "short"),
        ),
    )
    assert endpoint.url_without_query == f"https://x.no:8443{shown}"
    assert endpoint.action == f"Cannot upload to https://x.no:8443{shown}"
    assert {"Tk7.a/b%c", "Tk7.a%2Fb%25c", "api-key-1"} <= endpoint.secret_forms


def test_secrets_that_a_service_can_repeat_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ada:s%40lt-1@proxy.test:3128")
    endpoint = Endpoint(
        "https://x.no/c?account=hush-1&mode=a&kind=replace",
        credential=Credential(username="ola", password="pass-1"),
        secrets=(Secret("X-Key", HEADER, "api-key-1"),),
        public_names=("Kind",),
    )
    assert set(find_secrets(endpoint)) == {
        *("pass-1", "ola:pass-1", "api-key-1", "hush-1", "ada:s%40lt-1", "s@lt-1"),
    }
