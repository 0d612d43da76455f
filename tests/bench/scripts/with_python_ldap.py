# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write people to a CSV file with python-ldap, page by page, as shown in the documentation of python-ldap.

with_python_ldap.py SETTINGS.json
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import ldap  # type: ignore[import-not-found] # a package of Debian's Python
from ldap.controls import SimplePagedResultsControl  # type: ignore[import-not-found] # see above

settings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
connection = ldap.initialize(settings["uri"])
connection.simple_bind_s()
with Path(settings["csv"]).open("w", encoding="utf-8", newline="") as file:
    writer = csv.writer(file)
    for base in settings["bases"]:
        control = SimplePagedResultsControl(True, size=settings["page"], cookie="")
        while True:
            message = connection.search_ext(
                base,
                ldap.SCOPE_SUBTREE,
                settings["filter"],
                settings["attributes"],
                serverctrls=[control],
            )
            _kind, people, _id, controls = connection.result3(message)
            for dn, attributes in people:
                row = [attributes.get(name, [b""])[0].decode() for name in settings["attributes"]]
                writer.writerow([*row, dn])
            control.cookie = controls[0].cookie
            if not control.cookie:
                break
