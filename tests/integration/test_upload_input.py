# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Invalid files and options of contact_upload, which cause an error before any request is sent."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.support.rosters import make_contacts, write_roster
from tests.integration.support.upload_runs import run_failing_upload, run_upload

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace
    from tests.lab.receiver import Receiver

EXPORT_FIRST = "Export a roster to it first."
NOT_A_HEADER = (
    "it contains characters that are not allowed in an HTTP header."
    " Use only printable ASCII characters, without line breaks."
)

FILES: list[tuple[bytes | None, str]] = [
    (None, f"Cannot read {{src}}: No such file or directory. {EXPORT_FIRST}"),
    (b"", f"Cannot read {{src}}: it is empty. {EXPORT_FIRST}"),
    (
        b"First Name,Last Name,Email\r\nAda,Aas,a@b.test\r\n",
        (
            "Cannot use {src}: it has no column 'SMS Phone', which is in key."
            " Correct key, or make sure that the first line contains the titles of the 3 columns."
        ),
    ),
    (
        b"First Name,Last Name,Email,SMS Phone,Location\r\n",
        f"Cannot use {{src}}: it contains a header but no contacts. {EXPORT_FIRST}",
    ),
    (
        b"Email;SMS Phone\r\na@b.test;1\r\n",
        (
            "Cannot read {src}: its columns are separated by semicolons."
            " Save it as comma-separated values (RFC 4180)."
        ),
    ),
    (
        b"Email,SMS Phone,Email\r\na@b.test,1,\r\n",
        (
            "Cannot read {src}: its columns 1 and 3 have the same title."
            " Give each column a unique title in the first line."
        ),
    ),
    (
        b"Email,SMS Phone\r\na@b.test,1\r\n\r\n",
        "Cannot read {src}: line 3 is empty. Correct the file, or export the roster again.",
    ),
    (
        b"Email,SMS Phone\r\n" + b"a" * 1_000_000 + b",1\r\n",
        (
            "Cannot read {src}: line 2: field larger than field limit (131072)."
            " Correct the file, or export the roster again."
        ),
    ),
    (
        b"Email,SMS Phone\r\na@b.test,1\r\nb@b.test,2,3\r\n",
        "Cannot read {src}: the row on line 3 has 3 cells instead of 2. Correct the file, or export the roster again.",
    ),
    (
        b'Email,SMS Phone\r\n"a@b.test,1\r\n',
        "Cannot read {src}: line 2: unexpected end of data. Correct the file, or export the roster again.",
    ),
    (
        "Email,SMS Phone\r\nbjørn@b.test,1\r\n".encode("latin-1"),
        "Cannot read {src}: line 2 is not valid UTF-8. Save it as UTF-8.",
    ),
]

OPTIONS: list[tuple[dict[str, Any], str]] = [
    (
        {"checksum": "abc"},
        (
            "Cannot use checksum 'abc': it is not a SHA-256 checksum of 64 hexadecimal digits. Set checksum to the"
            " return value checksum of the export, or remove it."
        ),
    ),
    (
        {"url": "http://frontdesk.example/contacts"},
        (
            "Cannot upload to http://frontdesk.example: personal data would be sent unencrypted."
            " Use https://."
        ),
    ),
    (
        {"url": "http://localhost.example/contacts"},
        (
            "Cannot upload to http://localhost.example: personal data would be sent unencrypted."
            " Use https://."
        ),
    ),
    (
        {"url": "frontdesk.example/contacts"},
        "Cannot use url: it does not have the form https://HOST/PATH. Correct url.",
    ),
    (
        {"url": "https://me:Tk7.secret@frontdesk.example/"},
        (
            "Cannot use url: it contains a user name or a password."
            " Use token, or url_username and url_password."
        ),
    ),
    (
        {"token": ""},
        (
            "Cannot upload: no credential is set."
            " Set token (or FRONTDESK_TOKEN in the environment), url_username, client_cert"
            " or secrets, or set anonymous: true if the service requires no credential."
        ),
    ),
    (
        {"token": "Tk7.æøå"},
        f"Cannot use token: {NOT_A_HEADER}",
    ),
    ({"timeout": 0}, "Cannot use timeout 0: it must be between 1 and 86400 seconds."),
    (
        {"max_removed": -1},
        "Cannot use max_removed -1: it must not be negative. Set it to 0 or more.",
    ),
    (
        {"max_removed_percent": 101},
        "Cannot use max_removed_percent 101: it must be between 0 and 100. Correct max_removed_percent.",
    ),
    (
        {"approved_plan": "yes"},
        (
            "Cannot use approved_plan 'yes': it is not the identifier of a plan, which has 16 hexadecimal digits. Copy"
            " the identifier from the message that refused the plan, and write it in quotes."
        ),
    ),
    (
        {"must_contain": [{"Email": 5}]},
        (
            "Cannot use element 1 of must_contain: it contains a title or a value that is not a string. Write both in"
            " quotes."
        ),
    ),
    (
        {"key": []},
        "Cannot identify contacts: key is empty. Set key to the columns that identify a contact.",
    ),
]


@pytest.fixture
def two_contacts(workspace: Workspace) -> None:
    """Write a roster of two contacts."""
    write_roster(workspace.dest, make_contacts(2))


@pytest.mark.parametrize(("content", "message"), FILES)
def test_an_invalid_file_is_an_error_before_any_request(
    content: bytes | None, message: str, service: Receiver, workspace: Workspace
) -> None:
    if content is not None:
        workspace.dest.write_bytes(content)
    result = run_failing_upload(service, workspace)
    assert result.message == message.format(src=workspace.dest)
    assert service.requests == 0
    assert not workspace.state_dir.exists()


@pytest.mark.parametrize(("overrides", "message"), OPTIONS)
@pytest.mark.usefixtures("two_contacts")
def test_an_invalid_option_is_an_error_before_any_request(
    overrides: dict[str, Any], message: str, service: Receiver, workspace: Workspace
) -> None:
    result = run_failing_upload(service, workspace, **overrides)
    assert result.message == message
    assert service.requests == 0
    assert not workspace.state_dir.exists()


def test_a_required_contact_must_have_existing_columns(
    service: Receiver, workspace: Workspace
) -> None:
    write_roster(workspace.dest, make_contacts(2))
    result = run_failing_upload(service, workspace, must_contain=[{"Mail": "a@x"}])
    assert result.message == (
        f"Cannot use element 1 of must_contain: {workspace.dest} has no column 'Mail'. Correct the title of the column"
        " in must_contain."
    )
    assert service.requests == 0
    assert not workspace.state_dir.exists()


def test_only_the_roster_with_the_checksum_is_uploaded(
    service: Receiver, workspace: Workspace
) -> None:
    write_roster(workspace.dest, make_contacts(2))
    checksum = hashlib.sha256(workspace.dest.read_bytes()).hexdigest()
    write_roster(workspace.dest, make_contacts(3))
    refused = run_failing_upload(service, workspace, checksum=checksum)
    assert refused.message == (
        f"Cannot use {workspace.dest}: it is not the exported roster, because its SHA-256 checksum differs from"
        " checksum. Find out what replaced it, and export the roster again."
    )
    assert service.requests == 0
    write_roster(workspace.dest, make_contacts(2))
    options = {"initial": True, "checksum": f" {checksum.upper()}"}
    assert run_upload(service, workspace, **options)["uploaded"]


@pytest.mark.usefixtures("two_contacts")
def test_a_state_directory_that_cannot_be_created_is_an_error(
    service: Receiver, workspace: Workspace
) -> None:
    (workspace.root / "locked").mkdir(mode=0o500)
    state = workspace.root / "locked/state"
    result = run_failing_upload(service, workspace, state_dir=str(state))
    assert result.message == (
        f"Cannot use the state directory {state}: Permission denied."
        " Set state_dir to a directory that is writable by this user."
    )
    assert service.requests == 0
