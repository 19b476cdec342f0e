"""Plans of images: which environment and which patches each recipe leads to, without building anything."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from stackwright.build.image.carried import carried
from stackwright.build.image.image import ImagePlan
from stackwright.build.image.platform import platform_of, require_architecture
from stackwright.build.image.system import require_python, require_suite

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stackwright.build.environment import EnvironmentPlan
    from stackwright.build.image.recipe import Recipe
    from stackwright.build.patched import PatchedComponent
    from stackwright.build.workshop import Workshop
    from stackwright.distribution import Distribution, Release


def plan_images(
    distribution: Distribution,
    release: Release,
    recipes: Iterable[Recipe],
    suite: str,
    architectures: Iterable[str],
    workshop: Workshop,
) -> tuple[ImagePlan, ...]:
    """Plan an image of each recipe in a release, for each architecture.

    :param suite: the Debian that they are based on
    :param architectures: that they run on, as dpkg names them
    :raises StackwrightError: a source is out of reach, a series does not apply, the suite has another Python
    """
    require_suite(suite)
    platforms = {}
    for architecture in architectures:
        require_architecture(architecture)
        platforms[architecture] = platform_of(architecture, suite)
    wanted = tuple(recipes)
    patched: Mapping[str, PatchedComponent] = {}
    if any(recipe.requirements for recipe in wanted):
        require_python(release.python, suite, release.name)
        patched = workshop.patched(distribution, release)
    wheels = {name: one.wheel for name, one in patched.items()}
    environments: dict[tuple[tuple[str, ...], tuple[str, ...], str], EnvironmentPlan] = {}
    plans = []
    for recipe, (architecture, platform) in product(wanted, platforms.items()):
        made_of = recipe.requirements, recipe.alone, platform
        if recipe.requirements and made_of not in environments:
            environments[made_of] = workshop.plan(
                recipe.requirements, release, wheels, alone=recipe.alone, platform=platform
            )
        environment = environments.get(made_of)
        built = {wheel.component for wheel in environment.built} if environment else set()
        own = carried(one for name, one in patched.items() if name in built)
        plans.append(ImagePlan(recipe, release.name, suite, architecture, environment, own))
    return tuple(plans)
