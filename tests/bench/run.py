# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entry point of `make bench`, which compares the modules with other programs.

The environment variable BENCH can contain options; `BENCH=--help make bench` lists them.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    # Import the modules from the root of the checkout, regardless of the current directory.
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    from tests.bench.program import main

    sys.exit(main())
