# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`make demo`: a day of a company, with a real directory, a real service and real playbook runs."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.dont_write_bytecode = True  # a demo leaves no files
    # The lab and the demo are found from the checkout's root, wherever this is started.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    runpy.run_module("demo.program", run_name="__main__")
