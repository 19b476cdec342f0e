"""A site's configuration, validated against the options of the environments that its services run in."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stackwright.build.cache import key_of as memo_key
from stackwright.site.config.checks import Checked, of_file
from stackwright.site.config.definitions import SCRIPT, definitions_of
from stackwright.site.config.known import known_to
from stackwright.site.config.model import rank
from stackwright.site.config.rules import own_rules
from stackwright.site.files import ini_files
from stackwright.site.hosts import services_of
from stackwright.site.render import Renderer
from stackwright.site.values.values import unlike_hosts
from stackwright.tools import python

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stackwright.build.environment import Environment
    from stackwright.distribution import Site
    from stackwright.site.config.definitions import Definition, Definitions
    from stackwright.site.config.known import Known
    from stackwright.site.config.model import Finding
    from stackwright.site.files import IniFile
    from stackwright.site.render import Values
    from stackwright.store import Memo

    # The namespace, group and name of an option, and a value.
    Question = tuple[str, str, str, str]

ANSWERS = "own types"
AT_ONCE = 2


@dataclass(frozen=True)
class Validated:
    """What came of a service's files.

    :param known: the options that it has with them; None if it has no environment
    :param files: rendered; they may hold secrets
    :param checked: how many options were looked at
    """

    service: str
    known: Known | None
    files: tuple[IniFile, ...]
    findings: tuple[Finding, ...]
    checked: int = 0


def validate_site(
    values: Values, environments: Mapping[str, Environment], *, services: Iterable[str] | None = None, memo: Memo
) -> tuple[Validated, ...]:
    """Hold the files of a site's services against the options of their environments.

    With everything remembered no process is started and nothing is written.

    :param values: all that the site's templates may name
    :param environments: service -> its environment; of a service that has none, nothing
    :param services: look at these alone
    :raises InputError: a template cannot be rendered
    :raises RunFailedError: an environment's Python does not run
    """
    wanted = tuple(values.selection.services) if services is None else tuple(services)
    defined = all_definitions((environments[name] for name in wanted if name in environments), memo)
    found = []
    for name in wanted:
        environment = environments.get(name)
        definitions = defined[environment.key] if environment else None
        found.append(_of_service(name, values, definitions, environment, memo))
    return tuple(found)


def validate_hosts(
    site: Site, values: Values, environments: Mapping[str, Environment], *, services: Iterable[str], memo: Memo
) -> tuple[Finding, ...]:
    """Hold what the groups and hosts of a site say against the same options; what the site says is not told again.

    :param values: of the site
    :param services: look at these alone
    :raises InputError: a template cannot be rendered
    :raises RunFailedError: an environment's Python does not run
    """
    wanted = set(services)
    own = {layer.name for layer in site.parts()}
    found: dict[Finding, None] = {}
    for host in unlike_hosts(site):
        here = replace(values, said=values.said.of_host(host), host=host)
        running = [name for name in services_of(site, host, tuple(values.selection.services)) if name in wanted]
        validated = validate_site(here, environments, services=running, memo=memo)
        found |= dict.fromkeys(one for one in findings_of(validated) if one.layer in own)
    return tuple(found)


def findings_of(validated: Iterable[Validated]) -> tuple[Finding, ...]:
    """Give all findings, the worst first."""
    return tuple(sorted((one for each in validated for one in each.findings), key=rank))


def all_definitions(environments: Iterable[Environment], memo: Memo) -> Mapping[str, Definitions]:
    """Give the options of environments by their keys; those that are not known are asked several at a time.

    :raises RunFailedError: an environment's Python does not run
    """
    unique = {environment.key: environment for environment in environments}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="options") as pool:
        return dict(zip(unique, pool.map(lambda one: definitions_of(one, memo), unique.values()), strict=True))


def rendered(name: str, values: Values) -> tuple[IniFile, ...]:
    """Give the files of a service that are of oslo.config's form, with their values; they may hold secrets.

    :raises InputError: a template cannot be rendered
    """
    renderer = Renderer(values, name)
    return tuple(file.rendered(renderer.text) for file in ini_files(values.selection.services[name], renderer))


def _of_service(
    name: str, values: Values, definitions: Definitions | None, environment: Environment | None, memo: Memo
) -> Validated:
    entry, files, rules = values.selection.services[name], rendered(name, values), own_rules()
    if definitions is None or environment is None:
        notes = [of_file(name, file, "it is not checked: the service has no environment of Python") for file in files]
        return Validated(name, None, files, tuple(notes))
    others = {
        file.name: why for file in files if (why := entry.files[file.name].reader or rules.read_by_another(file.name))
    }
    notes = [of_file(name, file, f"it is not checked: {others[file.name]}") for file in files if file.name in others]
    own = tuple(file for file in files if file.name not in others)
    known = known_to(definitions, rules.of(entry.component or ""), own)
    questions = _Questions(environment, memo)
    checked = Checked(name, own, known, questions.ask)
    findings = list(checked.findings())
    if questions.put():
        findings = list(checked.findings())
    return Validated(name, known, files, (*findings, *notes), sum(len(file.options) for file in own))


class _Questions:
    """What the environment is asked about types of its own: all of a service in one process, each thing once."""

    def __init__(self, environment: Environment, memo: Memo) -> None:
        self.environment, self.memo = environment, memo
        self._open: list[Question] = []
        self._answers: dict[Question, str | None] = {}

    def ask(self, one: Definition, value: str) -> str | None:
        """Give what is known of the answer; the question is remembered if nothing is."""
        if not one.namespaces:
            return None
        question = (one.namespaces[0], one.group, one.name, value)
        if question not in self._answers:
            known = self.memo.get(ANSWERS, self._key(question))
            if known is None:
                self._open.append(question)
                return None
            self._answers[question] = json.loads(known)
        return self._answers[question]

    def put(self) -> bool:
        """Put the questions that are open; tells whether there were any."""
        asked, self._open = list(dict.fromkeys(self._open)), []
        if not asked:
            return False
        words = [dict(zip(("namespace", "group", "name", "value"), question, strict=True)) for question in asked]
        told: Sequence[str | None] = json.loads(
            python.ask(self.environment.path, SCRIPT, ["judge"], json.dumps(words).encode())
        )
        for question, answer in zip(asked, told, strict=True):
            self._answers[question] = answer
            self.memo.put(ANSWERS, self._key(question), json.dumps(answer))
        return True

    def _key(self, question: Question) -> str:
        return memo_key(ANSWERS, self.environment.key, list(question))
