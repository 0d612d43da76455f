# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that the benchmark measures correctly, and fails if a client returns another result than expected."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bench import program
from tests.bench.clients import Client
from tests.bench.collection import working_directory
from tests.bench.limits import format_limits, limit_memory, limit_time
from tests.bench.measure import ClientCosts, ClientError, Cost, format_table, measure_command
from tests.bench.sending import Transfer
from tests.bench.service import discarding_service
from tests.bench.uploads import Account
from tests.bench.workload import Workload

if TYPE_CHECKING:
    from tests.bench.rows import Rows
    from tests.lab.authority import Authority

ROOT = Path(__file__).parents[2]


def _run_bench(*options: str) -> str:
    """Run the benchmark, and return its output."""
    return subprocess.run(
        [sys.executable, str(ROOT / "tests/bench/run.py"), *options],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_clients_that_do_not_run_playbooks_return_the_same_rows() -> None:
    """The other clients are omitted, because they are slow."""
    output = _run_bench(
        *("--people", "60", "--samba", "0", "--rounds", "1"),
        *("--clients", "export", "python-ldap", "ldap3"),
        *("--upload-rows", "0", "--upload-megabytes", "0"),
    )
    assert "Rows returned by each client: 60" in output
    assert "Limits" not in output
    names = [line.partition("  ")[0] for line in output.splitlines()]
    for name in ("ldapsearch", "ad_contacts_export", "python-ldap + csv"):
        assert name in names
    assert "ad_contacts_export, LDAPS" in names


def test_uploads_are_measured_and_compared_with_their_limits() -> None:
    """The small sizes say nothing about the limits themselves."""
    output = _run_bench(
        *("--people", "--samba", "0", "--rounds", "1"),
        *("--upload-rows", "2000", "--upload-megabytes", "1"),
    )
    assert "OpenLDAP" not in output
    costs, limits = output.split("\nLimits for contact_upload\n")
    clients = {line.partition("  ")[0] for line in costs.splitlines()}
    assert clients >= {
        *("contact_upload, 1000 rows", "contact_upload, 2000 rows"),
        *("csv.reader, both rosters", "contact_upload, check mode"),
        *("curl", "contact_upload, whole process", "contact_upload, send step"),
    }
    figures = [line.partition("  ")[0] for line in limits.splitlines()]
    assert figures == [
        "figure",
        "unchanged roster, 2000 rows / 1000 rows",
        "check mode, 2000 rows / csv.reader",
        "send step, multipart / curl",
        "send step, multipart, peak memory",
        "send step, raw / curl",
        "send step, raw, peak memory",
    ]


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


def test_an_upload_of_a_changed_roster_is_not_measured_as_unchanged(ca: Authority) -> None:
    with working_directory() as folder, discarding_service(ca) as service:
        account = Account.create(folder, service, 100)
        account.upload_unchanged()
        lines = account.roster("build").read_bytes().splitlines(keepends=True)
        account.roster("build").write_bytes(b"".join(lines[:-1]))
        with pytest.raises(ClientError, match=r"returned \{'changed': True, 'uploaded': True"):
            account.upload_unchanged()


@pytest.mark.parametrize("body_format", ["multipart", "raw"])
def test_a_client_that_sends_another_size_fails_the_benchmark(
    body_format: str, ca: Authority
) -> None:
    with working_directory() as folder, discarding_service(ca) as service:
        roster = folder / "roster.csv"
        roster.write_bytes(b"First Name,Location\r\nAnna,oslo\r\n")
        transfer = Transfer(folder, service, roster, body_format)
        transfer.run_send_file()
        transfer.last_send_step()
        roster.write_bytes(roster.read_bytes() * 100)
        with pytest.raises(ClientError, match=r"The service received -\d+ bytes more"):
            transfer.last_send_step()


def test_the_limit_of_a_time_is_relative_to_the_reference_in_the_same_round() -> None:
    reference = ClientCosts("reference", [Cost(1, 1, 1), Cost(2, 1, 1), Cost(8, 1, 1)])
    measured = ClientCosts("measured", [Cost(1.5, 1, 1), Cost(3, 1, 1), Cost(20, 1, 1)])
    figure = limit_time("figure", measured, reference, 1.5)
    assert figure == ("figure", "3.00 s", "2.00 s", "1.50", "1.5 x", True)
    assert not limit_time("figure", measured, reference, 1.4).is_met


def test_the_limit_of_a_time_can_have_an_allowance() -> None:
    reference = ClientCosts("reference", [Cost(1, 1, 1)])
    slow, too_slow = (ClientCosts("measured", [Cost(wall, 1, 1)]) for wall in (1.7, 1.8))
    figure = limit_time("figure", slow, reference, 1.5, 0.25)
    assert figure == ("figure", "1.70 s", "1.00 s", "1.70", "1.5 x + 0.25 s = 1.75 s", True)
    assert not limit_time("figure", too_slow, reference, 1.5, 0.25).is_met


def test_the_limit_of_memory_applies_to_every_round() -> None:
    measured = ClientCosts("measured", [Cost(1, 1, 61), Cost(1, 1, 50), Cost(1, 1, 50)])
    assert limit_memory("figure", measured, 61) == ("figure", "61 MiB", "", "", "61 MiB", True)
    figures = [limit_memory("figure", measured, 60)]
    assert format_limits(figures).splitlines()[1].split()[-1] == "no"
