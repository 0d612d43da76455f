# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of the day, in their order."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from demo.people import expected_rows, ordinary, row
from tests.lab.person import Person

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.day import Day
    from demo.people import Row

_KINDS = ("added", "changed", "moved", "removed")


def look(day: Day) -> None:
    """What the directory is and holds, with nobody's values in it."""
    screen, checks = day.screen, day.checks
    screen.heading("1. A look at the directory: can everybody be read?")
    found = day.good_run(playbook="probe").returned("ad_contacts_info")
    checks.equal("problems", found["problems"], [])
    [server] = found["servers"]
    what = f"{server['product']} {server['version']}".strip()
    days = server["certificate"]["days_left"]
    screen.fact("server", f"{what}, {server['tls_version']}, its certificate has {days} days left")
    for source in server["sources"]:
        lacking = [f"{one['empty']} without {one['column']}" for one in source["empty_columns"]]
        screen.fact(source["location"], ", ".join([f"{source['entries']} found", *lacking]))
    rows = sum(source["contacts"] for source in server["sources"])
    checks.equal("people with a valid row", rows, len(expected_rows(day.company)))
    screen.fact("for instance", " | ".join(server["sources"][0]["samples"][0].values()))
    checks.equal("requests at the service", day.service.requests, 0)


def first_sync(day: Day) -> None:
    """Everybody travels; who cannot is named with the cause."""
    screen, checks = day.screen, day.checks
    screen.heading("2. The first sync: the service knows nobody yet")
    run = day.good_run("-e", "contact_sync_initial=true")
    day.known = expected_rows(day.company)
    day.expect_known()
    export, upload = run.returned("ad_contacts_export"), run.returned("contact_upload")
    checks.equal("contacts added", upload["plan"]["added"], len(day.known))
    checks.equal("contacts the service took", upload["service"]["counts"]["added"], len(day.known))
    for location, count in export["counts"]["by_location"].items():
        checks.equal(
            f"contacts of {location}", count, sum(cells[-1] == location for cells in day.known)
        )
        screen.fact(location, f"{count} people travelled")
    unreachable = str(day.company.unreachable.identity)
    checks.equal("who is left out", [one["identity"] for one in export["left_out"]], [unreachable])
    identity = day.directory.dialect.identity_attribute
    for one in export["left_out"]:
        who = f"{identity} {one['identity']} at {one['location']}"
        screen.fact("left out", f"{who}: {one['cause']}")
    for cell in export["emptied"]:
        who = f"{identity} {cell['identity']} at {cell['location']}"
        screen.fact("emptied", f"{cell['column']} of {who}: somebody else there has the same")
    thea = day.company.two_site_person
    screen.fact(
        "two places", f"{thea.given_name} {thea.last_name} is a contact of oslo-hq and tromso"
    )
    screen.fact("service", f"now knows {day.counts_at_service()}")


def second_sync(day: Day) -> None:
    """Nothing changed, so nothing is sent."""
    day.screen.heading("3. The second sync: nothing changed, nothing is sent")
    requests, state = day.service.requests, day.stored()
    run = day.good_run()
    day.expect_silence(requests)
    day.checks.equal("files in the state directory", day.stored(), state)
    day.checks.equal("changed in the recap", run.recap["changed"], 0)
    day.screen.fact("recap", ", ".join(f"{name}={count}" for name, count in run.recap.items()))
    day.screen.fact("service", f"still at {requests} request")


def people_come_and_go(day: Day) -> None:
    """Check mode tells who changes; the real run does exactly that."""
    day.screen.heading("4. One is hired, one leaves, one marries, one moves: first look, then sync")
    before, after = _changes(day)
    requests, state = day.service.requests, day.stored()
    look = day.good_run("--check", "--diff")
    diff = _diff(look.output)
    day.screen.diff(diff)
    _expect_plan(day, look.returned("contact_upload"), added=1, changed=1, moved=1, removed=1)
    day.checks.same_rows("people with - in the diff", _rows(diff, "-"), before)
    day.checks.same_rows("people with + in the diff", _rows(diff, "+"), after)
    day.expect_silence(requests)
    day.checks.equal("files in the state directory", day.stored(), state)
    left = [path.name for path in day.ansible.temporary.iterdir()]
    day.checks.equal("files left by check mode", left, [])
    day.screen.say("Exactly these people; service, state and roster are untouched. Now in earnest:")
    real = day.good_run()
    plans = [run.returned("contact_upload")["plan"] for run in (look, real)]
    day.checks.equal("the plan of the real run", plans[1], plans[0])
    day.known = day.known - before | after
    day.expect_known()
    day.checks.equal("requests at the service", day.service.requests, requests + 1)
    day.screen.fact("service", f"did exactly that, and knows {day.counts_at_service()}")


def _changes(day: Day) -> tuple[set[Row], set[Row]]:
    """Let four things happen; return the contacts that go by them, and those that come."""
    oslo, bergen = day.company.site("oslo-hq"), day.company.site("bergen")
    at_oslo = ordinary(day.company, oslo)
    leaver, spouse = next(at_oslo), next(at_oslo)
    mover = next(ordinary(day.company, bergen))
    newcomer = Person(
        account="ylva.skarsgard",
        given_name="Ylva",
        last_name="Skarsgård",
        display_name="Ylva Skarsgård",
        mail="ylva.skarsgard@fjord.test",
        mobile="+4791777001",
        office=bergen.name,
        ou=(bergen.ou, "Harbour"),
    )
    day.directory.add_person(newcomer)
    day.directory.delete_person(leaver)
    day.directory.change_last_name(spouse, "Bjørnstad-Moe")
    day.directory.move_person(mover, oslo)
    day.screen.say(
        f"{newcomer.display_name} is hired for {bergen.name}, {leaver.display_name} leaves,"
        f" {spouse.display_name} marries and is called Bjørnstad-Moe,"
        f" {mover.display_name} moves from {bergen.name} to {oslo.name}."
    )
    given, _last_name, *others = row(spouse, oslo)
    before = {row(leaver, oslo), row(spouse, oslo), row(mover, bergen)}
    after = {row(newcomer, bergen), (given, "Bjørnstad-Moe", *others), row(mover, oslo)}
    return before, after


def emptied_ou(day: Day) -> None:
    """A location without people stops everything; when they are back, it goes on."""
    tromso = day.company.site("tromso")
    day.screen.heading("5. The OU of Tromsø is emptied: the export stops, roster and service stay")
    count = day.directory.empty_ou(day.company.site_dn(tromso))
    day.screen.say(f"{count} accounts are deleted by mistake.")
    run = day.stopped_run("ad_contacts_export", "tromso", "minimum is 1")
    day.checks.equal("what the upload did", run.returned("contact_upload"), {})
    day.screen.fact("service", f"untouched, knows {day.counts_at_service()}")
    back = [person for person in day.company.people if person.ou[0] == tromso.ou]
    for person in back:
        day.directory.add_person(person)
    day.screen.say(
        f"{len(back)} accounts are made anew: new {day.directory.dialect.identity_attribute}s, the same people."
    )
    requests = day.service.requests
    run = day.good_run()
    day.expect_silence(requests)
    _expect_plan(day, run.returned("contact_upload"))
    day.screen.fact("service", "hears nothing, for every row is as it was")


def disabled_half(day: Day) -> None:
    """Too many would be removed: the guard stops the upload."""
    day.screen.heading("6. Half of Oslo is disabled: the guard stops the upload")
    oslo, tromso = day.company.site("oslo-hq"), day.company.site("tromso")
    half = [who for who in day.company.at(oslo) if row(who, oslo) in day.known][::2]
    for person in half:
        day.directory.disable_person(person)
    day.screen.say(f"{len(half)} accounts are disabled by a script that went wrong.")
    lost = {row(person, site) for person in half for site in (oslo, tromso)} & day.known
    run = day.stopped_run("contact_upload", f"removing {len(lost)} of {len(day.known)}")
    _expect_plan(day, run.returned("contact_upload"), removed=len(lost))
    day.screen.fact("service", f"untouched, knows {day.counts_at_service()}")


def _expect_plan(day: Day, upload: Mapping[str, Any], **expected: int) -> None:
    """Expect a plan of these numbers, and zeros where none is given."""
    seen = {kind: upload["plan"][kind] for kind in _KINDS}
    day.checks.equal("the plan", seen, {kind: expected.get(kind, 0) for kind in _KINDS})
    day.screen.fact("plan", ", ".join(f"{count} {kind}" for kind, count in seen.items()))


def _diff(output: str) -> list[str]:
    """Return the diff of the upload as Ansible printed it."""
    lines = output.splitlines()
    start = next((at for at, line in enumerate(lines) if line.startswith("--- ")), len(lines))
    end = next((at for at in range(start, len(lines)) if not lines[at]), len(lines))
    return lines[start:end]


def _rows(diff: list[str], sign: str) -> list[Row]:
    """Return the contacts on one side of a diff."""
    lines = [line[1:] for line in diff[2:] if line.startswith(sign)]
    return [tuple(cells) for cells in csv.reader(lines)]


STEPS = (look, first_sync, second_sync, people_come_and_go, emptied_ou, disabled_half)
