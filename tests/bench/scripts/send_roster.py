# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Send a file as the module contact_upload does, and print a JSON object.

    send_roster.py URL CA_FILE FILE BODY_FORMAT

The object contains the wall time and the CPU time of sending, without the start of Python and the imports, the peak
memory of the process, and the document in the response:

    {"wall": 0.3, "cpu": 0.1, "peak_mib": 38.5, "response": {"received": 100}}
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from ansible_collections.frontdesk.contacts.plugins.module_utils._service.client import send_file
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.endpoint import (
    BodyFormat,
    Credential,
    Endpoint,
    Retries,
    TlsSettings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.request_body import (
    FileContent,
)

url, ca_file, path, body_format = sys.argv[1:]
endpoint = Endpoint(
    url=url,
    credential=Credential(is_anonymous=True),
    body=BodyFormat(kind=body_format),
    tls=TlsSettings(ca_path=ca_file),
    retries=Retries(limit=0),
    use_proxy=False,
)
started, cpu_before = time.monotonic(), time.process_time()
with Path(path).open("rb") as file:
    response = send_file(endpoint, "roster.csv", FileContent(file, Path(path).stat().st_size))
wall, cpu = time.monotonic() - started, time.process_time() - cpu_before
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
document = json.loads(response.body.content)
print(json.dumps({"wall": wall, "cpu": cpu, "peak_mib": peak, "response": document}))
