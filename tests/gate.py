# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the test gate: all default sessions of noxfile.py, or the given ones, four at a time.

    tests/bootstrap.sh gate tests/gate.py [SESSION...]

The output of each session is written to .nox/logs, and printed if the session fails or is skipped. The last line is
a summary.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
LOGS = ROOT / ".nox" / "logs"
WORKERS = 4
"""Number of parallel sessions. It exceeds the number of processors of the reference machine, which is two, because
tests spend much of their time waiting for timeouts and processes. More workers only increase the CPU time: from 594
seconds with four workers to 670 with six."""
SLOWEST = ("integration", "units", "sanity")
"""Prefixes of the slowest sessions, which start first and in this order so that none of them runs alone at the end."""
NOX = [sys.executable, "-m", "nox", "--noxfile", str(ROOT / "noxfile.py"), "--non-interactive"]
# The files that determine the virtual environments, which are reused until one of these files changes.
ENVIRONMENT_INPUTS = (
    *("noxfile.py", "tests/sessions.py", "antsibull-nox.toml"),
    *("meta/*requirements.txt", "tests/**/*.txt"),
)


@dataclass(frozen=True)
class Session:
    """A session of noxfile.py."""

    name: str
    tags: frozenset[str]
    """Sessions with a common tag create environments in the same directory, and must not do so at the same time."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of a session."""

    name: str
    result: str
    """`passed`, `failed` or `skipped`."""
    seconds: float
    """Elapsed seconds."""
    cpu_seconds: float
    """CPU seconds of all processes of the session."""
    log: str
    """Output of the session."""


def list_sessions(names: list[str]) -> list[Session]:
    """Return the sessions to run, slowest first.

    :param names: names of sessions; empty for all default sessions.
    """
    command = [*NOX, "--list", "--json", *(["--session", *names] if names else [])]
    listed = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    sessions = [Session(entry["session"], frozenset(entry["tags"])) for entry in listed]
    return sorted(sessions, key=_rank)


def _rank(session: Session) -> int:
    kind = session.name.partition("-")[0]
    return SLOWEST.index(kind) if kind in SLOWEST else len(SLOWEST)


def hash_environment_inputs() -> str:
    """Return a hash of the files that determine the environments."""
    files = sorted(path for pattern in ENVIRONMENT_INPUTS for path in ROOT.glob(pattern))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def has_current_environment(session: Session, inputs_hash: str) -> bool:
    """Return whether the session has passed with an environment created from the same files.

    :param inputs_hash: hash of the current files, from `hash_environment_inputs`.
    """
    stamp = _stamp(session)
    return stamp.exists() and stamp.read_text() == inputs_hash


def _stamp(session: Session) -> Path:
    return LOGS / f"{session.name}.stamp"


def run_session(session: Session, inputs_hash: str) -> Outcome:
    """Run one session.

    Its environment is not updated if `has_current_environment` is true.

    :param inputs_hash: hash of the current files, from `hash_environment_inputs`.
    """
    started = time.monotonic()
    report = LOGS / f"{session.name}.json"
    log = LOGS / f"{session.name}.log"
    report.unlink(missing_ok=True)
    # -r reuses the environment and updates it; -R also skips the update.
    reuse_option = "-R" if has_current_environment(session, inputs_hash) else "-r"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*NOX, reuse_option, "--report", str(report), "--session", session.name],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _pid, _status, usage = os.wait4(process.pid, 0)
    result = read_report(report)
    if result == "passed":
        _stamp(session).write_text(inputs_hash)
    text = log.read_text(errors="replace")
    seconds = time.monotonic() - started
    return Outcome(
        name=session.name,
        result=result,
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        log=text,
    )


def read_report(report: Path) -> str:
    """Return the result of a session from nox's report, or `failed` if there is no report."""
    if not report.exists():
        return "failed"
    results = {entry["result"] for entry in json.loads(report.read_text())["sessions"]}
    return {frozenset({"success"}): "passed", frozenset({"skipped"}): "skipped"}.get(
        frozenset(results), "failed"
    )


def run_sessions(sessions: list[Session]) -> Iterator[Outcome]:
    """Run the sessions in parallel, and yield the outcome of each one when it ends.

    Sessions with a common tag do not run in parallel if their environments still have to be created.
    """
    inputs_hash = hash_environment_inputs()
    waiting = [
        replace(session, tags=frozenset())
        if has_current_environment(session, inputs_hash)
        else session
        for session in sessions
    ]
    # Sessions with tags first: they wait for each other, which takes longest in a fresh clone.
    waiting.sort(key=lambda session: not session.tags)
    running: dict[Future[Outcome], Session] = {}
    pool = ThreadPoolExecutor(WORKERS)
    try:
        while waiting or running:
            for session in list(waiting):
                busy = {tag for other in running.values() for tag in other.tags}
                if len(running) < WORKERS and not session.tags & busy:
                    waiting.remove(session)
                    running[pool.submit(run_session, session, inputs_hash)] = session
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                del running[future]
                yield future.result()
    finally:
        pool.shutdown()


def main() -> int:
    """Run the sessions, and return 1 if any of them failed."""
    LOGS.mkdir(parents=True, exist_ok=True)
    outcomes = []
    for outcome in run_sessions(list_sessions(sys.argv[1:])):
        outcomes.append(outcome)
        tests = re.findall(r"^=+ (.*?) in [\d.]+s.* =+$", outcome.log, re.MULTILINE)
        note = f": {', '.join(tests)}" if tests else ""
        print(
            f"{outcome.result:8}{outcome.name} ({outcome.seconds:.0f} s, CPU {outcome.cpu_seconds:.0f} s){note}",
            flush=True,
        )
    for outcome in outcomes:
        if outcome.result != "passed":
            print(f"\n=== {outcome.name}: {outcome.result} ===\n{outcome.log}")
    count = Counter(outcome.result for outcome in outcomes)
    skipped = f", {count['skipped']} skipped" if count["skipped"] else ""
    print(f"\nsessions: {count['passed']} passed, {count['failed']} failed{skipped}")
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
