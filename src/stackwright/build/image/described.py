"""What a descriptor means in a release: a recipe, and the release with the project's source that it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.build.image.accounts import USUAL_ID, Account
from stackwright.build.image.recipe import Folder, Recipe, own_path
from stackwright.distribution import GitSource
from stackwright.errors import InputError, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackwright.build.image.descriptor import Descriptor
    from stackwright.catalogue.catalogue import Catalogue
    from stackwright.distribution import Release

# Word of DIST_REPOS -> the ending of the suite; those of the suite itself, its updates and its security are there.
REPOSITORIES: Mapping[str, str] = {
    "os": "",
    "os_updates": "",
    "updates": "",
    "security": "",
    "backports": "-backports",
}


@dataclass(frozen=True)
class Described:
    """What a descriptor means."""

    recipe: Recipe
    release: Release


def described(descriptor: Descriptor, release: Release, catalogue: Catalogue) -> Described:
    """Give what a descriptor means in a release.

    :raises InputError: it names what there is not, or another version of the project than the release has
    """
    project = descriptor.project
    account = Account(
        project,
        descriptor.uid or USUAL_ID,
        descriptor.gid or descriptor.uid or USUAL_ID,
        f"/var/lib/{project}",
        descriptor.shared_id,
        descriptor.moved_id,
    )
    packages = {*descriptor.dist_packages, *_of_profiles(descriptor, catalogue)}
    changed = release
    requirements: tuple[str, ...] = ()
    if descriptor.repository is not None:
        changed = _with_source(descriptor, release)
        requirements = (release.component(project).distribution_name, *descriptor.pip_packages)
    recipe = Recipe(
        descriptor.label,
        f"{project}, by {descriptor.file.name}",
        project if requirements else None,
        requirements,
        packages=tuple(sorted(packages)),
        repositories=_repositories(descriptor),
        account=account,
        user=project,
        folders=tuple(Folder(path, project, 0o750) for path in (f"/etc/{project}", f"/var/lib/{project}")),
        environment=own_path(),
        customization=descriptor.customization,
    )
    return Described(recipe, changed)


def _with_source(descriptor: Descriptor, release: Release) -> Release:
    """Give the release with the repository that the descriptor names for its project, if it names one."""
    if descriptor.project not in release.components:
        raise InputError(
            f"release {release.name} has no component {descriptor.project!r}",
            where=descriptor.where("PROJECT"),
            fix=suggestion(descriptor.project, release.components),
        )
    component = release.component(descriptor.project)
    if descriptor.repository:
        source = GitSource(git=descriptor.repository, ref=descriptor.reference)
        changed = component.model_copy(update={"source": source})
        return release.model_copy(update={"components": {**release.components, component.name: changed}})
    if descriptor.reference:
        has = component.source.ref if isinstance(component.source, GitSource) else component.source.version
        if descriptor.reference != has:
            raise InputError(
                f"release {release.name} has {component.name} {has}, not {descriptor.reference}",
                where=descriptor.where("PROJECT_REF"),
                why="without PROJECT_REPO the project's tree is the release's",
                fix="remove PROJECT_REF, or name the repository that has it: PROJECT_REPO",
            )
    return release


def _of_profiles(descriptor: Descriptor, catalogue: Catalogue) -> set[str]:
    known: dict[str, set[str]] = {}
    for name, service in catalogue.services.items():
        own = service.image.packages if service.image else service.packages
        known.setdefault(name, set()).update(own)
        for profile, packages in (service.image.profiles if service.image else {}).items():
            known.setdefault(profile, set()).update(packages)
    for profile in descriptor.profiles:
        if profile not in known:
            raise InputError(
                f"the catalogue has no profile {profile!r}",
                where=descriptor.where("PROFILES"),
                why="a profile is a service of the catalogue, or one of the `profiles` of its `image`",
                fix=suggestion(profile, known),
            )
    return {package for profile in descriptor.profiles for package in known[profile]}


def _repositories(descriptor: Descriptor) -> tuple[str, ...]:
    for word in descriptor.dist_repos:
        if word.lower() not in REPOSITORIES:
            raise InputError(
                f"there is no repository {word!r}",
                where=descriptor.where("DIST_REPOS"),
                fix=suggestion(word.lower(), REPOSITORIES),
            )
    endings = (REPOSITORIES[word.lower()] for word in descriptor.dist_repos)
    return tuple(dict.fromkeys(ending for ending in endings if ending))
