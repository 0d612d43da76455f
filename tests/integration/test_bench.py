# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that the benchmark measures correctly, and fails if its clients return different rows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bench import program
from tests.bench.clients import Client
from tests.bench.measure import ClientCosts, ClientError, Cost, format_table, measure_command
from tests.bench.workload import Workload

if TYPE_CHECKING:
    from tests.bench.rows import Rows

ROOT = Path(__file__).parents[2]


def test_clients_that_do_not_run_playbooks_return_the_same_rows() -> None:
    """The other clients are omitted, because they are slow."""
    options = [
        "--people",
        "60",
        "--samba",
        "0",
        "--rounds",
        "1",
        "--clients",
        "export",
        "python-ldap",
        "ldap3",
    ]
    run = subprocess.run(
        [sys.executable, str(ROOT / "tests/bench/run.py"), *options],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "Rows returned by each client: 60" in run.stdout
    names = [line.partition("  ")[0] for line in run.stdout.splitlines()]
    for name in ("ldapsearch", "ad_contacts_export", "python-ldap + csv"):
        assert name in names
    assert "ad_contacts_export, LDAPS" in names


class _FakeClient(Client):
    def __init__(self, name: str, rows: Rows) -> None:
        self.name = name
        self._rows = rows

    def run(self, _workload: Workload) -> Cost:
        return Cost(1, 1, 1)

    def rows(self, _workload: Workload) -> Rows:
        return self._rows


def test_a_client_with_different_rows_fails_the_benchmark() -> None:
    workload = Workload.__new__(Workload)
    object.__setattr__(workload, "tls", False)
    one, other = _FakeClient("one", [("1", "Lie")]), _FakeClient("other", [("1", "Moe")])
    program.compare_clients([(one, workload), (one, workload)], rounds=1)
    with pytest.raises(ClientError, match="rows of other differ from those of one"):
        program.compare_clients([(one, workload), (other, workload)], rounds=1)


def test_the_error_of_a_failed_client_contains_its_output(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="failed with status 3: said"):
        measure_command(["sh", "-c", "echo said >&2; exit 3"], tmp_path)


def test_the_memory_of_a_client_excludes_the_measuring_process(tmp_path: Path) -> None:
    """The peak is that of the client, even if the measuring process uses more memory."""
    allocated = bytearray(b"x" * (64 << 20))
    large = measure_command(
        [sys.executable, "-I", "-S", "-c", "held = b'x' * (96 << 20)"], tmp_path
    )
    small = measure_command(["true"], tmp_path)
    assert large.peak > 96
    assert small.peak < len(allocated) / 2**21


def test_ratios_are_computed_per_round() -> None:
    base = ClientCosts("base", [Cost(1, 1, 10), Cost(2, 4, 10), Cost(4, 2, 10)])
    line = ClientCosts("line", [Cost(2, 1, 20), Cost(2, 2, 20), Cost(2, 4, 20)])
    rows = [row.split() for row in format_table([base, line], base).splitlines()]
    assert rows[1] == ["base", "2.00", "2.00", "10", "1.00", "1.00"]
    assert rows[2] == ["line", "2.00", "2.00", "20", "1.00", "1.00"]
