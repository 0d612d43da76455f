# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Memory of rosters: however many people there are, it is bounded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.integration.support.processes import wait_until

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace

BENCH = Path(__file__).parents[1] / "bench/roster.py"

ROWS = 40_000
"""More than one run, and if they were held they would take 50 MiB."""

MAX_GROWTH_MIB = 16
"""MiB over the libraries: a run of 8, and what tells who shares a value."""


def test_memory_is_bounded_for_large_rosters(workspace: Workspace) -> None:
    """Made, and compared with a roster in which everybody is another."""
    run = subprocess.run(
        [sys.executable, str(BENCH), str(workspace.collections_path), str(ROWS)],
        cwd=workspace.root,
        env=workspace.environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    peaks = {line["step"]: line["peak_mib"] for line in map(json.loads, run.stdout.splitlines())}
    assert set(peaks) == {"base", "csv", "make", "other", "plan"}
    assert max(peaks.values()) < peaks["base"] + MAX_GROWTH_MIB, peaks


def test_a_killed_run_leaves_no_spill_files(workspace: Workspace) -> None:
    folder = workspace.root / "rosters"
    folder.mkdir()
    command = [
        sys.executable,
        str(BENCH),
        str(workspace.collections_path),
        "step",
        "make",
        "500000",
        str(folder),
    ]
    with subprocess.Popen(command, env=workspace.environment()) as process:
        fd_dir = Path(f"/proc/{process.pid}/fd")

        def has_spilled() -> bool:
            names = []
            for file in fd_dir.iterdir():
                # It may be closed by now.
                with suppress(FileNotFoundError):
                    names.append(os.readlink(file))
            return any(name.startswith(f"{folder}/") for name in names)

        assert wait_until(has_spilled)
        assert os.listdir(folder) == []
        process.kill()
    assert os.listdir(folder) == []
