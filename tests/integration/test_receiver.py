# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that the receiver of the lab accepts only uploads that its profile allows."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.lab.authority import Authority, authority
from tests.lab.receiver import Receiver, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = "First Name,Last Name,Email,SMS Phone,Location\r\n"


@pytest.fixture(scope="module")
def ca() -> Iterator[Authority]:
    with authority() as created:
        yield created


@pytest.fixture
def service(ca: Authority) -> Iterator[Receiver]:
    with receiver(ca, locations=["oslo-hq", "bergen"]) as running:
        yield running


def post(
    service: Receiver,
    content: bytes,
    *,
    method: str = "POST",
    path: str | None = None,
    token: str | None = None,
    field: str = "file",
    media_type: str = "text/csv",
    form_type: str = "multipart/form-data; boundary=edge",
) -> tuple[int, Any]:
    disposition = f'form-data; name="{field}"; filename="roster.csv"'
    part = f"Content-Disposition: {disposition}\r\nContent-Type: {media_type}\r\n\r\n"
    body = b"--edge\r\n" + part.encode() + content + b"\r\n--edge--\r\n"
    url = urlsplit(service.url)
    tls_context = ssl.create_default_context(cafile=service.ca_file)
    client = http.client.HTTPSConnection(
        url.hostname or "", url.port, context=tls_context, timeout=10
    )
    headers = {"Authorization": f"Bearer {token or service.token}", "Content-Type": form_type}
    with contextlib.closing(client):
        client.request(method, path or url.path, body, headers)
        response = client.getresponse()
        return response.status, json.loads(response.read())


def post_with_short_timeout(service: Receiver) -> None:
    url = urlsplit(service.url)
    tls_context = ssl.create_default_context(cafile=service.ca_file)
    client = http.client.HTTPSConnection(
        url.hostname or "", url.port, context=tls_context, timeout=0.5
    )
    with contextlib.closing(client):
        client.request("POST", url.path, b"")
        client.getresponse()


class TestReceiver:
    """Accepted and rejected uploads, and simulated failures."""

    VALID_ROW = "Ada,Aas,ada@fjord.test,+4790000001,oslo-hq\r\n"

    @pytest.mark.parametrize(
        ("row", "column", "error"),
        [
            (",Aas,b@fjord.test,,bergen", "First Name", "is required"),
            ("Bo,,b@fjord.test,,bergen", "Last Name", "is required"),
            ("Bo,Aas,b@fjord.test,,", "Location", "is required"),
            ("Bo,Aas,,,bergen", "Email", "is required if SMS Phone is empty"),
            ("Bo,Aas,ADA@fjord.test,,oslo-hq", "Email", "is not unique in its location"),
            ("Bo,Aas,,+4790000001,oslo-hq", "SMS Phone", "is not unique in its location"),
            ("Bo,Aas,b@fjord.test,,Bergen", "Location", "is not a location of this account"),
            (
                "=1+1,Aas,b@fjord.test,,bergen",
                "First Name",
                "could be interpreted as a spreadsheet formula",
            ),
            (
                "-Bo,Aas,b@fjord.test,,bergen",
                "First Name",
                "could be interpreted as a spreadsheet formula",
            ),
            (
                "Bo; \u200b\uff1d1,Aas,b@fjord.test,,bergen",
                "First Name",
                "could be interpreted as a spreadsheet formula",
            ),
            (
                '"B\no",Aas,b@fjord.test,,bergen',
                "First Name",
                "contains a control character or a line break",
            ),
        ],
    )
    def test_an_invalid_row_is_rejected(
        self, service: Receiver, row: str, column: str, error: str
    ) -> None:
        status, response = post(service, f"{HEADER}{self.VALID_ROW}{row}\r\n".encode())
        assert status == 422
        assert response["errors"] == [{"row": 2, "column": column, "error": error}]
        assert response["counts"] == {"received": 2, "added": 0, "updated": 0, "removed": 0}
        assert service.uploads == 0

    @pytest.mark.parametrize(
        ("rule", "value", "error"),
        [
            ("max_length: 5", "a@b.test", "exceeds the maximum length of 5"),
            ("phone_style: e164", "4791234567", "is not a phone number in the e164 style"),
            (
                "phone_style: e164_no_plus",
                "+4791234567",
                "is not a phone number in the e164_no_plus style",
            ),
            (
                "phone_style: international",
                "+4791234567",
                "is not a phone number in the international style",
            ),
            ("phone_style: national", "none", "is not a phone number in the national style"),
        ],
    )
    def test_rules_of_a_custom_profile_are_applied(
        self, ca: Authority, rule: str, value: str, error: str
    ) -> None:
        profile = yaml.safe_load(
            f"{{columns: [{{header: Key, {rule}}}], key: [Key], location_column: Location}}"
        )
        with receiver(ca, locations=[], profile=profile) as service:
            status, response = post(service, f"Key\r\n{value}\r\n".encode())
        assert status == 422
        assert [item["error"] for item in response["errors"]] == [error]

    def test_the_counts_describe_the_changes(self, service: Receiver) -> None:
        rows = [
            self.VALID_ROW,
            "Bo,Lie,bo@fjord.test,,bergen\r\n",
            "Bo,Lie,bo@fjord.test,,oslo-hq\r\n",
        ]
        first = post(service, (HEADER + "".join(rows)).encode())
        rows = [self.VALID_ROW.replace("Aas", "Dahl"), rows[1], "李,王,,+4790000009,bergen\r\n"]
        second = post(service, (HEADER + "".join(rows)).encode())
        counts = {"received": 3, "added": 3, "updated": 0, "removed": 0}
        assert first == (200, {"counts": counts, "errors": []})
        counts = {"received": 3, "added": 1, "updated": 1, "removed": 1}
        assert second == (200, {"counts": counts, "errors": []})
        assert service.contacts[2]["First Name"] == "李"
        assert (service.uploads, service.requests, len(service.history)) == (2, 2, 2)

    def test_a_file_without_a_location_column_is_accepted(self, service: Receiver) -> None:
        content = b"First Name,Last Name,Email,SMS Phone\r\nBo,Lie,bo@fjord.test,\r\n"
        assert post(service, content)[0] == 200

    @pytest.mark.parametrize(
        ("content", "error"),
        [
            ("First Name,Email\r\n", "the header must be"),
            (HEADER.replace("First Name,Last Name", "Last Name,First Name"), "the header must be"),
            (HEADER.replace("Email", "email"), "the header must be"),
            ("", "the header must be"),
            (f"\ufeff{HEADER}", "byte order mark"),
            (f"{HEADER}Bo,Lie\r\n", "row 1 has the wrong number of cells: 2 instead of 5"),
            (f'{HEADER}"Bo"x,Lie,,,\r\n', "not CSV"),
        ],
    )
    def test_a_malformed_file_is_rejected(
        self, service: Receiver, content: str, error: str
    ) -> None:
        status, response = post(service, content.encode())
        assert (status, error in response["error"]) == (400, True)

    def test_a_file_that_is_not_utf8_is_rejected(self, service: Receiver) -> None:
        status, response = post(
            service, f"{HEADER}Bjørn,Lie,b@fjord.test,,bergen".encode("latin-1")
        )
        assert (status, "not UTF-8" in response["error"]) == (400, True)

    @pytest.mark.parametrize(
        ("overrides", "status"),
        [
            ({"token": "wrong"}, 401),
            ({"path": "/other"}, 404),
            ({"method": "PUT"}, 405),
            ({"method": "GET"}, 405),
            ({"field": "upload"}, 400),
            ({"form_type": "multipart/form-data; boundary=other"}, 400),
            ({"form_type": "text/csv"}, 415),
            ({"media_type": "application/json"}, 415),
            ({"media_type": "text/csv; charset=latin-1"}, 415),
        ],
    )
    def test_an_invalid_request_is_rejected(
        self, service: Receiver, overrides: dict[str, str], status: int
    ) -> None:
        assert post(service, f"{HEADER}{self.VALID_ROW}".encode(), **overrides)[0] == status
        assert service.uploads == 0
        assert service.requests == 1

    def test_queued_responses_are_returned_in_order(self, service: Receiver) -> None:
        service.queue_response(503, {"error": "later"}, {"Retry-After": "1"})
        service.redirect("https://elsewhere.test/")
        content = f"{HEADER}{self.VALID_ROW}".encode()
        assert [post(service, content)[0] for _request in range(3)] == [503, 307, 200]

    def test_a_held_request_receives_no_response(self, service: Receiver) -> None:
        with service.hold() as arrived:
            with pytest.raises(TimeoutError):
                post_with_short_timeout(service)
            assert arrived.is_set()

    def test_the_log_contains_no_secrets(self, service: Receiver) -> None:
        post(service, f"{HEADER}{self.VALID_ROW}".encode(), path="/contacts?key=queried-secret")
        post(service, b"", token="another-secret")
        logged = service.log_file.read_text(encoding="utf-8")
        assert '"status": 401' in logged
        assert '"Authorization"' in logged
        for secret in (service.token, "queried-secret", "another-secret", "ada@fjord.test"):
            assert secret not in logged
