# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Memory of an upload: it does not grow with the roster."""

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
endpoint = Endpoint(url, credential=credential, body=BodyFormat(kind))
def peak():
    # The resource usage of a new program begins with that of whoever started it.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
before = peak()
with open(path, "rb") as file:
    response = send_file(endpoint, "a.csv", FileContent(file, int(size)))
print(response.status, (peak() - before) >> 10)
"""


@pytest.mark.parametrize("kind", ["multipart", "raw"])
def test_a_large_file_takes_no_more_memory_than_a_small_one(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.truncate(_SIZE)

    def answer(request: Request, write: Write) -> None:
        write(plain("200 OK" if len(request.body) >= _SIZE else "400 Short"))

    with http_server(answer) as server:
        url = f"http://127.0.0.1:{server.port}/c"
        run = subprocess.run(
            [sys.executable, "-c", _PROGRAM, url, str(path), str(_SIZE), kind],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": ":".join(sys.path)},
        )
    status, grown = map(int, run.stdout.split())
    assert status == 200
    # MiB: libraries that are loaded late, and pieces of 256 KiB; never the file.
    assert grown < 20
