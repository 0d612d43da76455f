# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write people to a CSV file with ldap3, as a typical script does.

with_ldap3.py SETTINGS.json
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import ldap3

settings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
server = ldap3.Server(settings["uri"], get_info=ldap3.ALL)
connection = ldap3.Connection(server, auto_bind=True)
with Path(settings["csv"]).open("w", encoding="utf-8", newline="") as file:
    writer = csv.writer(file)
    for base in settings["bases"]:
        people = connection.extend.standard.paged_search(
            base,
            settings["filter"],
            attributes=settings["attributes"],
            paged_size=settings["page"],
            generator=False,
        )
        for person in people:
            row = []
            for name in settings["attributes"]:
                value = person["attributes"].get(name) or ""
                row.append(value[0] if isinstance(value, list) else value)
            writer.writerow([*row, person["dn"]])
