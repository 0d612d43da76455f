# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of memory usage: an upload does not read the whole roster into memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import (
    Request,
    Write,
    http_server,
    plain,
)

_SIZE = 100 << 20
_PROGRAM = """
import sys
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.request_body import FileContent
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.client import send_file
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import *
url, path, size, kind = sys.argv[1:]
credential = Credential(token="t", token_header="Authorization", token_prefix="Bearer")
endpoint = Endpoint(url, credential=credential, body=BodyFormat(kind=kind))
def peak():
    # The value from getrusage would include the memory usage of the parent process.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
before = peak()
with open(path, "rb") as file:
    response = send_file(endpoint, "a.csv", FileContent(file, int(size)))
print(response.status, (peak() - before) >> 10)
"""


@pytest.mark.parametrize("kind", ["multipart", "raw"])
def test_upload_of_a_large_file_requires_little_memory(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.truncate(_SIZE)

    def respond(request: Request, write: Write) -> None:
        write(plain("200 OK" if len(request.body) >= _SIZE else "400 Short"))

    with http_server(respond) as server:
        url = f"http://127.0.0.1:{server.port}/c"
        process = subprocess.run(
            [sys.executable, "-c", _PROGRAM, url, str(path), str(_SIZE), kind],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": ":".join(sys.path)},
        )
    status, growth = map(int, process.stdout.split())
    assert status == 200
    # In MiB. The growth results from late imports and chunks of 256 KiB, and is independent of the size of the file.
    assert growth < 20
