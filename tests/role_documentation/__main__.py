# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check or write the documentation of the role contact_sync, which is in its argument specs.

    python -m tests.role_documentation [--write]

The command must run in the root of the repository, with ansible-core. Without --write, it prints the difference between
the file and the generated text, and exits with status 1 if there is one.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from .rendering import render
from .specs import build_argument_specs

ROOT = Path(__file__).resolve().parents[2]
PATH = "roles/contact_sync/meta/argument_specs.yml"


def main() -> int:
    """Check or write the file, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.role_documentation")
    parser.add_argument("--write", action="store_true", help=f"write {PATH}")
    file = ROOT / PATH
    generated = render(build_argument_specs())
    if parser.parse_args().write:
        file.write_text(generated, "utf-8")
        return 0
    committed = file.read_text("utf-8")
    for line in difflib.unified_diff(
        committed.splitlines(), generated.splitlines(), PATH, "generated", lineterm=""
    ):
        print(line)
    return int(committed != generated)


if __name__ == "__main__":
    sys.exit(main())
