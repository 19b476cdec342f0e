"""Steps that build what the services' programs are made of: wheels, and the environments that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.build.environment import EnvironmentPlan, build_environment, find_environment
from stackwright.build.wheel import WheelPlan, build_wheel, find_wheel
from stackwright.plan.step import Context, Step, Verdict, done, needed
from stackwright.targets.local.machine import PACKAGES

if TYPE_CHECKING:
    from stackwright.build.cache import ArtifactCache
    from stackwright.store import Memo, Store


def wheel_step(plan: WheelPlan, *, store: Store, cache: ArtifactCache, memo: Memo) -> Step:
    """Make the step ``<component>/wheel``."""

    def check() -> Verdict:
        if find_wheel(plan, cache):
            return done()
        return needed(f"there is no wheel of the tree {plan.tree[:12]} yet")

    def do(context: Context) -> None:
        build_wheel(plan, store=store, cache=cache, memo=memo, log=context.log)

    summary = f"build the wheel {plan.distribution_name} {plan.version}"
    return Step(wheel_step_name(plan), summary, check, do, seconds=5, heavy=True)


def environment_step(service: str, plan: EnvironmentPlan, *, cache: ArtifactCache, memo: Memo) -> Step:
    """Make the step ``<service>/environment``."""

    def check() -> Verdict:
        return done() if find_environment(plan, cache) else needed(_reason(plan))

    def do(context: Context) -> None:
        build_environment(plan, cache=cache, memo=memo, log=context.log)

    after = (PACKAGES, *(wheel_step_name(wheel) for wheel in plan.built))
    built = [f"{wheel.component} as patched" for wheel in plan.built]
    summary = f"make the environment of {len(plan.closure.pins)} packages" + (f", {', '.join(built)}" if built else "")
    return Step(f"{service}/environment", summary, check, do, after, seconds=8, heavy=True)


def wheel_step_name(plan: WheelPlan) -> str:
    """Give the name of the step that builds a wheel."""
    return f"{plan.component}/wheel"


def _reason(plan: EnvironmentPlan) -> str:
    trees = [f"{wheel.component} {wheel.tree[:12]}" for wheel in plan.built]
    return "there is none yet" + (f" with the trees {', '.join(trees)}" if trees else "")
