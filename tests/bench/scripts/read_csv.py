# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read CSV files with csv.reader.

read_csv.py FILE...
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

for name in sys.argv[1:]:
    with Path(name).open(encoding="utf-8", newline="") as file:
        for _row in csv.reader(file):
            pass
