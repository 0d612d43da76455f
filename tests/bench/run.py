# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`make bench`: how the export compares with other ways to read a directory. BENCH holds options; --help lists them."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    # The lab and the bench are found from the checkout's root, wherever this is started.
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    from tests.bench.program import main

    sys.exit(main())
