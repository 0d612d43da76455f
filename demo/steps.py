# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of the day, in their order."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from demo.contact_rows import contact_row, expected_rows, typical_people
from tests.lab.person import Person

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.contact_rows import Row
    from demo.context import DemoContext

_KINDS = ("added", "changed", "moved", "removed")


def probe_directory(context: DemoContext) -> None:
    """What the directory is and holds, with nobody's values in it."""
    screen, expect = context.screen, context.expect
    screen.heading("1. A look at the directory: can everybody be read?")
    found = context.run_successfully(playbook="probe").module_result("ad_contacts_info")
    expect.equal("problems", found["problems"], [])
    [server] = found["servers"]
    what = f"{server['product']} {server['version']}".strip()
    days = server["certificate"]["days_left"]
    screen.fact("server", f"{what}, {server['tls_version']}, its certificate has {days} days left")
    for source in server["sources"]:
        lacking = [f"{one['empty']} without {one['column']}" for one in source["empty_columns"]]
        screen.fact(source["location"], ", ".join([f"{source['entries']} found", *lacking]))
    rows = sum(source["contacts"] for source in server["sources"])
    expect.equal("people with a valid row", rows, len(expected_rows(context.company)))
    screen.fact("for instance", " | ".join(server["sources"][0]["samples"][0].values()))
    expect.equal("requests at the service", context.service.requests, 0)


def run_first_sync(context: DemoContext) -> None:
    """Everybody travels; who cannot is named with the cause."""
    screen, expect = context.screen, context.expect
    screen.heading("2. The first sync: the service knows nobody yet")
    run = context.run_successfully("-e", "contact_sync_initial=true")
    context.expected_contacts = expected_rows(context.company)
    context.expect_service_contacts()
    export, upload = run.module_result("ad_contacts_export"), run.module_result("contact_upload")
    expect.equal("contacts added", upload["plan"]["added"], len(context.expected_contacts))
    expect.equal(
        "contacts the service took",
        upload["service"]["counts"]["added"],
        len(context.expected_contacts),
    )
    for location, count in export["counts"]["by_location"].items():
        expect.equal(
            f"contacts of {location}",
            count,
            sum(cells[-1] == location for cells in context.expected_contacts),
        )
        screen.fact(location, f"{count} people travelled")
    unreachable = str(context.company.unreachable.identity)
    expect.equal("who is left out", [one["identity"] for one in export["left_out"]], [unreachable])
    identity = context.directory.dialect.identity_attribute
    for one in export["left_out"]:
        who = f"{identity} {one['identity']} at {one['location']}"
        screen.fact("left out", f"{who}: {one['cause']}")
    for cell in export["emptied"]:
        who = f"{identity} {cell['identity']} at {cell['location']}"
        screen.fact("emptied", f"{cell['column']} of {who}: somebody else there has the same")
    thea = context.company.two_site_person
    screen.fact(
        "two places", f"{thea.given_name} {thea.last_name} is a contact of oslo-hq and tromso"
    )
    screen.fact("service", f"now knows {context.describe_service_contacts()}")


def run_unchanged_sync(context: DemoContext) -> None:
    """Nothing changed, so nothing is sent."""
    context.screen.heading("3. The second sync: nothing changed, nothing is sent")
    requests, state = context.service.requests, context.state_digests()
    run = context.run_successfully()
    context.expect_no_requests(requests)
    context.expect.equal("files in the state directory", context.state_digests(), state)
    context.expect.equal("changed in the recap", run.recap["changed"], 0)
    context.screen.fact("recap", ", ".join(f"{name}={count}" for name, count in run.recap.items()))
    context.screen.fact("service", f"still at {requests} request")


def preview_and_sync_changes(context: DemoContext) -> None:
    """Check mode tells who changes; the real run does exactly that."""
    context.screen.heading(
        "4. One is hired, one leaves, one marries, one moves: first look, then sync"
    )
    before, after = _apply_changes(context)
    requests, state = context.service.requests, context.state_digests()
    preview = context.run_successfully("--check", "--diff")
    diff = _extract_diff(preview.output)
    context.screen.diff(diff)
    _expect_plan(
        context, preview.module_result("contact_upload"), added=1, changed=1, moved=1, removed=1
    )
    context.expect.same_rows("people with - in the diff", _parse_rows(diff, "-"), before)
    context.expect.same_rows("people with + in the diff", _parse_rows(diff, "+"), after)
    context.expect_no_requests(requests)
    context.expect.equal("files in the state directory", context.state_digests(), state)
    left = [path.name for path in context.ansible.temporary.iterdir()]
    context.expect.equal("files left by check mode", left, [])
    context.screen.text(
        "Exactly these people; service, state and roster are untouched. Now in earnest:"
    )
    real = context.run_successfully()
    plans = [run.module_result("contact_upload")["plan"] for run in (preview, real)]
    context.expect.equal("the plan of the real run", plans[1], plans[0])
    context.expected_contacts = context.expected_contacts - before | after
    context.expect_service_contacts()
    context.expect.equal("requests at the service", context.service.requests, requests + 1)
    context.screen.fact(
        "service", f"did exactly that, and knows {context.describe_service_contacts()}"
    )


def _apply_changes(context: DemoContext) -> tuple[set[Row], set[Row]]:
    """Let four things happen; return the contacts that go by them, and those that come."""
    oslo, bergen = context.company.site("oslo-hq"), context.company.site("bergen")
    at_oslo = typical_people(context.company, oslo)
    leaver, spouse = next(at_oslo), next(at_oslo)
    mover = next(typical_people(context.company, bergen))
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
    context.directory.add_person(newcomer)
    context.directory.delete_person(leaver)
    context.directory.change_last_name(spouse, "Bjørnstad-Moe")
    context.directory.move_person(mover, oslo)
    context.screen.text(
        f"{newcomer.display_name} is hired for {bergen.name}, {leaver.display_name} leaves,"
        f" {spouse.display_name} marries and is called Bjørnstad-Moe,"
        f" {mover.display_name} moves from {bergen.name} to {oslo.name}."
    )
    given, _last_name, *others = contact_row(spouse, oslo)
    before = {contact_row(leaver, oslo), contact_row(spouse, oslo), contact_row(mover, bergen)}
    after = {
        contact_row(newcomer, bergen),
        (given, "Bjørnstad-Moe", *others),
        contact_row(mover, oslo),
    }
    return before, after


def stop_on_empty_ou(context: DemoContext) -> None:
    """A location without people stops everything; when they are back, it goes on."""
    tromso = context.company.site("tromso")
    context.screen.heading(
        "5. The OU of Tromsø is emptied: the export stops, roster and service stay"
    )
    count = context.directory.empty_ou(context.company.site_dn(tromso))
    context.screen.text(f"{count} accounts are deleted by mistake.")
    run = context.run_expecting_failure("ad_contacts_export", "tromso", "minimum is 1")
    context.expect.equal("what the upload did", run.module_result("contact_upload"), {})
    context.screen.fact("service", f"untouched, knows {context.describe_service_contacts()}")
    back = [person for person in context.company.people if person.ou[0] == tromso.ou]
    for person in back:
        context.directory.add_person(person)
    context.screen.text(
        f"{len(back)} accounts are made anew: new {context.directory.dialect.identity_attribute}s, the same people."
    )
    requests = context.service.requests
    run = context.run_successfully()
    context.expect_no_requests(requests)
    _expect_plan(context, run.module_result("contact_upload"))
    context.screen.fact("service", "hears nothing, for every row is as it was")


def stop_on_mass_removal(context: DemoContext) -> None:
    """Too many would be removed: the guard stops the upload."""
    context.screen.heading("6. Half of Oslo is disabled: the guard stops the upload")
    oslo, tromso = context.company.site("oslo-hq"), context.company.site("tromso")
    half = [
        who
        for who in context.company.at(oslo)
        if contact_row(who, oslo) in context.expected_contacts
    ][::2]
    for person in half:
        context.directory.disable_person(person)
    context.screen.text(f"{len(half)} accounts are disabled by a script that went wrong.")
    lost = {
        contact_row(person, site) for person in half for site in (oslo, tromso)
    } & context.expected_contacts
    run = context.run_expecting_failure(
        "contact_upload", f"removing {len(lost)} of {len(context.expected_contacts)}"
    )
    _expect_plan(context, run.module_result("contact_upload"), removed=len(lost))
    context.screen.fact("service", f"untouched, knows {context.describe_service_contacts()}")


def _expect_plan(context: DemoContext, upload: Mapping[str, Any], **expected: int) -> None:
    """Expect a plan of these numbers, and zeros where none is given."""
    seen = {kind: upload["plan"][kind] for kind in _KINDS}
    context.expect.equal("the plan", seen, {kind: expected.get(kind, 0) for kind in _KINDS})
    context.screen.fact("plan", ", ".join(f"{count} {kind}" for kind, count in seen.items()))


def _extract_diff(output: str) -> list[str]:
    """Return the diff of the upload as Ansible printed it."""
    lines = output.splitlines()
    start = next((at for at, line in enumerate(lines) if line.startswith("--- ")), len(lines))
    end = next((at for at in range(start, len(lines)) if not lines[at]), len(lines))
    return lines[start:end]


def _parse_rows(diff: list[str], sign: str) -> list[Row]:
    """Return the contacts on one side of a diff."""
    lines = [line[1:] for line in diff[2:] if line.startswith(sign)]
    return [tuple(cells) for cells in csv.reader(lines)]


STEPS = (
    probe_directory,
    run_first_sync,
    run_unchanged_sync,
    preview_and_sync_changes,
    stop_on_empty_ou,
    stop_on_mass_removal,
)
