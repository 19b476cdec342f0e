"""Commands on the policies of services: who may do what, and what the site makes of upstream's defaults."""

from __future__ import annotations

import argparse
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister
from stackwright.errors import CheckFailedError, InputError, Where
from stackwright.site.places import place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from stackwright.cli.workspace import Workspace
    from stackwright.site.policy.comparing import Change
    from stackwright.site.policy.expectations import Expectation, Outcome
    from stackwright.site.policy.model import Decision, Finding, Matrix, Situation
    from stackwright.site.policy.policies import Policies

FOR_PEOPLE = ("table", "value")
TARGETS = ("self", "own-project", "other-project", "domain", "system")
# A person sees what somebody may do with a rule as letters, one for each target.
LETTERS = ("s", "p", "o", "d", "y")
LEGEND = "s one's own, p others' of the own project, o another project's, d the domain's, y the system's"
ANSWER_COLUMNS = ("Service", "Rule", "Persona", "Target", "Answer", "Decided by", "Check")
ANSWERS = {True: "allow", False: "deny"}


class PolicyMatrix(WorkspaceLister):
    """List who may do what: with each rule of services, each persona, on each target."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what is wanted."""
        parser = super().get_parser(prog_name)
        _add_services(parser)
        parser.add_argument("--persona", metavar="NAME", action="append", default=[], help="somebody who asks (all)")
        parser.add_argument("--rule", metavar="REGEX", type=_expression, help="rules whose names have this in them")
        parser.add_argument("--target", choices=TARGETS, help="what is asked about (all)")
        parser.add_argument("--why", action="store_true", help="list each answer with the rule that decided")
        parser.add_argument("--upstream", action="store_true", help="without what the site changes")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Evaluate the rules, and list the answers."""
        from stackwright.site.policy.judging import EVERYTHING

        situations = [one for one in EVERYTHING if parsed_args.target in (None, one.target)]
        with _opened(self.workspace) as policies_of:
            policies = policies_of(None)
            wanted = tuple(dict.fromkeys(parsed_args.service)) or policies.services
            personas = policies.personas.chosen(parsed_args.persona)
            matrices = policies.decide(wanted, personas, situations, changed=not parsed_args.upstream)
        rule: re.Pattern[str] | None = parsed_args.rule
        found = [(matrix, [name for name in matrix.decisions if not rule or rule.search(name)]) for matrix in matrices]
        if rule and not any(names for _, names in found):
            raise InputError(f"no rule has {rule.pattern!r} in its name", where=Where(subject=", ".join(wanted)))
        if parsed_args.why or parsed_args.formatter not in FOR_PEOPLE:
            return ANSWER_COLUMNS, [row for matrix, names in found for row in _answers(matrix, names)]
        if not parsed_args.service and not rule:
            return _counts(matrices, parsed_args.target or "own-project")
        if not parsed_args.target:
            sys.stderr.write(f"{LEGEND}\n")
        columns = ("Service", "Rule", *matrices[0].personas)
        return columns, [(matrix.service, name, *_cells(matrix, name)) for matrix, names in found for name in names]


class PolicyDiff(WorkspaceLister):
    """List rules that the site changes, and who gains or loses by that; or the same against another release."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to compare."""
        parser = super().get_parser(prog_name)
        _add_services(parser)
        parser.add_argument("--release", metavar="NAME", help="a release to go to (compare with upstream's defaults)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Evaluate both sides, and list what is different."""
        from stackwright.site.policy.comparing import changes

        with _opened(self.workspace) as policies_of:
            here = policies_of(None)
            wanted = tuple(dict.fromkeys(parsed_args.service)) or here.services
            personas = here.personas.chosen()
            if parsed_args.release:
                before = here.decide(wanted, personas)
                after = policies_of(parsed_args.release).decide(wanted, personas)
            else:
                before = here.decide(wanted, personas, changed=False)
                after = here.decide(wanted, personas)
        plain = parsed_args.formatter not in FOR_PEOPLE
        rows = [_changed(one, plain=plain) for pair in zip(before, after, strict=True) for one in changes(*pair)]
        return ("Service", "Rule", "Before", "After", "Gained", "Lost"), rows


class PolicyTest(WorkspaceLister):
    """List what is not as policies/tests.yaml expects it; exit status 1 if there is anything."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to test."""
        parser = super().get_parser(prog_name)
        _add_services(parser, "services (all that are tested)")
        parser.add_argument("--all", action="store_true", help="list what is as expected, too")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Evaluate what is expected, and list the answers."""
        from stackwright.site.policy.expectations import read_expectations

        root = self.workspace.root
        expectations = read_expectations(root)
        tested = tuple(dict.fromkeys(one.service for one in expectations))
        wanted = tuple(dict.fromkeys(parsed_args.service)) or tested
        for service in wanted:
            if service not in tested:
                raise InputError(f"nothing is expected of {service}", fix=f"one of: {', '.join(tested)}")
        with _opened(self.workspace) as policies_of:
            self._outcomes = _outcomes(policies_of(None), [one for one in expectations if one.service in wanted])
        shown = [one for one in self._outcomes if not one.met or parsed_args.all]
        columns = ("Service", "Rule", "Persona", "Target", "Expected", "Answer", "Decided by", "Check", "Place")
        return columns, [_outcome(one, root) for one in shown]

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then each answer that is another than expected."""
        super().run(parsed_args)
        failed = [one for one in self._outcomes if not one.met]
        for one in failed:
            sys.stderr.write(f"error: {_failure(one)}\n")
        what = "expectation" if len(self._outcomes) == 1 else "expectations"
        sys.stderr.write(f"{len(self._outcomes)} {what}, {len(failed) or 'none'} not met\n")
        return CheckFailedError.status if failed else 0


class PolicySample(WorkspaceCommand):
    """Print the sample file of a service's policy, as upstream's generator makes it; of horizon, what it is told."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the service."""
        parser = super().get_parser(prog_name)
        parser.add_argument("service")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Let the generator make it."""
        with _opened(self.workspace) as policies_of:
            text = policies_of(None).sample(parsed_args.service)
        self.app.stdout.write(text)


class PolicyValidate(WorkspaceLister):
    """List what is wrong with what the site changes in policies; exit status 1 if there is an error."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to look at."""
        parser = super().get_parser(prog_name)
        _add_services(parser)
        parser.add_argument("--release", metavar="NAME", help="as another release has them (the site's)")
        parser.add_argument("--long", action="store_true", help="also list why, and how to mend it")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Hold what is set against what the services have."""
        with _opened(self.workspace) as policies_of:
            policies = policies_of(parsed_args.release)
            wanted = tuple(dict.fromkeys(parsed_args.service)) or policies.services
            self._found = [finding for service in wanted for finding in policies.findings(service)]
        columns: tuple[str, ...] = ("Severity", "Service", "Rule", "Place", "What")
        if parsed_args.long:
            columns += ("Why", "Fix")
        return columns, [_finding(one, self.workspace.root)[: len(columns)] for one in self._found]

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then what has to be mended."""
        super().run(parsed_args)
        bad = [one for one in self._found if one.severity == "error"]
        for one in bad:
            error = CheckFailedError(f"{one.rule}: {one.what}", where=one.where, why=one.why, fix=one.fix)
            sys.stderr.write(f"error: {error}\n")
        return CheckFailedError.status if bad else 0


def _add_services(
    parser: argparse.ArgumentParser, which: str = "services (all of the site that have a policy)"
) -> None:
    parser.add_argument("service", nargs="*", help=which)


def _expression(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a regular expression: {error}") from error


@contextmanager
def _opened(workspace: Workspace) -> Iterator[Callable[[str | None], Policies]]:
    """Give what gives the policies of the site, as its own release has them or another; progress is shown."""
    from stackwright.cli.shop import workshop
    from stackwright.site.environments import Environments
    from stackwright.site.policy.policies import Policies

    with workshop(workspace) as shop:

        def policies_of(name: str | None) -> Policies:
            release, site = workspace.release(name), workspace.site
            environments = Environments(workspace.distribution, release, shop, site.platform)
            return Policies(site.model_copy(update={"release": release.name}), environments)

        yield policies_of


def _answers(matrix: Matrix, names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    for name in names:
        for persona, answers in matrix.decisions[name].items():
            for situation, answer in answers.items():
                yield (matrix.service, name, persona, situation.target, *_answer(answer))


def _answer(answer: Decision) -> tuple[str, str, str]:
    return ANSWERS[answer.allowed], answer.rule, answer.check


def _cells(matrix: Matrix, name: str) -> Iterator[str]:
    """Give, for each persona, what it is let in for: letters for people, or the one answer that is asked for."""
    for persona in matrix.personas:
        answers = matrix.decisions[name][persona]
        if len(answers) == 1:
            yield ANSWERS[next(iter(answers.values())).allowed]
        else:
            yield "".join(
                letter if answer.allowed else "-" for letter, answer in zip(LETTERS, answers.values(), strict=True)
            )


def _counts(matrices: Sequence[Matrix], target: str) -> Listing:
    """Give how many rules let each persona in."""
    sys.stderr.write(f"rules that let one in for {target}; a service or --rule lists them one by one\n")

    def allowed(matrix: Matrix, persona: str) -> int:
        return sum(
            answer.allowed
            for by_persona in matrix.decisions.values()
            for situation, answer in by_persona[persona].items()
            if situation.target == target
        )

    rows = [(one.service, len(one.decisions), *(allowed(one, persona) for persona in one.personas)) for one in matrices]
    return ("Service", "Rules", *matrices[0].personas), rows


def _changed(change: Change, *, plain: bool) -> tuple[object, ...]:
    def shown(side: Mapping[str, tuple[Situation, ...]]) -> object:
        told = {persona: [str(one.target) for one in situations] for persona, situations in side.items()}
        return told if plain else "; ".join(f"{persona}: {', '.join(targets)}" for persona, targets in told.items())

    return change.service, change.rule, change.before, change.after, shown(change.gained), shown(change.lost)


def _outcomes(policies: Policies, expectations: Sequence[Expectation]) -> list[Outcome]:
    """Let each service decide what is expected of it."""
    from stackwright.site.policy.expectations import check_personas, outcomes

    check_personas(expectations, policies.personas.known)
    found: list[Outcome] = []
    personas = policies.personas.chosen(one.persona for one in expectations)
    situations = list(dict.fromkeys(one.situation for one in expectations))
    services = tuple(dict.fromkeys(one.service for one in expectations))
    for matrix in policies.decide(services, personas, situations):
        found += outcomes([one for one in expectations if one.service == matrix.service], matrix)
    return found


def _outcome(one: Outcome, root: Path) -> tuple[str, ...]:
    asked = one.expectation
    about = (asked.service, asked.rule, asked.persona, asked.situation.target, ANSWERS[asked.allowed])
    return *about, *_answer(one.decision), place(asked.where, root)


def _failure(one: Outcome) -> CheckFailedError:
    asked = one.expectation
    told = "may" if one.decision.allowed else "may not"
    with_ = "".join(f", {name} {value}" for name, value in asked.situation.attributes)
    return CheckFailedError(
        f"{asked.service}: {asked.persona} {told} {asked.rule} ({asked.situation.target}{with_})",
        where=asked.where,
        why=f"{one.decision}; expected otherwise: {asked.why}",
        fix="change the rule below `conf: policy:` in the values, or what is expected",
    )


def _finding(one: Finding, root: Path) -> tuple[str, ...]:
    return str(one.severity), one.service, one.rule, place(one.where, root), one.what, one.why, one.fix
