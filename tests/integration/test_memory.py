# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Memory usage and temporary files for large rosters: memory must be bounded, and a killed run must leave no files."""

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
"""Number of rows: enough for the step ``plan`` to write a sorted run to a file. As objects in memory, the contacts
would need about 20 MiB."""

MAX_GROWTH_MIB = 16
"""Maximum increase of peak memory over the step ``base`` in MiB: 8 for a sorted run, the rest to detect duplicates."""

MORE_RUNS = {"worst": 24, "union": 32}
"""Limits in MiB for the steps that need several sorted runs at the same time."""


def test_memory_is_bounded_for_large_rosters(workspace: Workspace) -> None:
    """The benchmark builds a roster, and compares it with a roster of entirely different people."""
    run = subprocess.run(
        [sys.executable, str(BENCH), str(workspace.collections_path), str(ROWS)],
        cwd=workspace.root,
        env=workspace.environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    peaks = {line["step"]: line["peak_mib"] for line in map(json.loads, run.stdout.splitlines())}
    assert set(peaks) == {
        *("base", "csv", "build", "rebuild", "plan"),
        *("update", "worst", "union", "read", "load"),
    }
    for step, peak in peaks.items():
        assert peak < peaks["base"] + MORE_RUNS.get(step, MAX_GROWTH_MIB), peaks


def test_a_killed_run_leaves_no_spill_files(workspace: Workspace) -> None:
    directory = workspace.root / "rosters"
    directory.mkdir()
    command = [
        sys.executable,
        str(BENCH),
        str(workspace.collections_path),
        "step",
        "build",
        "500000",
        str(directory),
    ]
    with subprocess.Popen(command, env=workspace.environment()) as process:
        fd_dir = Path(f"/proc/{process.pid}/fd")

        def has_spilled() -> bool:
            names = []
            for file in fd_dir.iterdir():
                # The file may have been closed in the meantime.
                with suppress(FileNotFoundError):
                    names.append(os.readlink(file))
            return any(name.startswith(f"{directory}/") for name in names)

        assert wait_until(has_spilled)
        assert os.listdir(directory) == []
        process.kill()
    assert os.listdir(directory) == []
