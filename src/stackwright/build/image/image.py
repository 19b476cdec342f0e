"""Images: planned without building, made of layers, kept in an OCI layout under their names."""

from __future__ import annotations

import json
import stat
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from stackwright.build.cache import Provenance, key_of, sha256_of
from stackwright.build.image import oci
from stackwright.build.image.accounts import ACCOUNT_FILES, with_account
from stackwright.build.image.attached import attach_sbom
from stackwright.build.image.carried import CARRIED, PACKAGES, SERIES, SHORT, series_digest, told
from stackwright.build.image.contents import laid, packages_in
from stackwright.build.image.customization import customization
from stackwright.build.image.layer import Kind, Layer, Member, directories, layer
from stackwright.build.image.platform import foreign
from stackwright.build.image.sbom import of_image, packages_of
from stackwright.build.image.system import NUMBERS, SystemPlan, base_packages
from stackwright.build.image.venv import VenvLayers
from stackwright.errors import EnvironmentLacksError, Where
from stackwright.events import Kind as Told
from stackwright.tools import qemu_user

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from stackwright.build.cache import ArtifactCache
    from stackwright.build.environment import EnvironmentPlan
    from stackwright.build.image.accounts import Accounts
    from stackwright.build.image.carried import Carried
    from stackwright.build.image.layout import Layout
    from stackwright.build.image.recipe import Recipe
    from stackwright.build.image.system import System
    from stackwright.build.workshop import Workshop

IMAGES = "images"
MANIFEST, CONFIG, SBOM = "manifest.json", "config.json", "sbom.cdx.json"
SHADOW = 42  # the group of the file of passwords in every Debian (base-passwd)
# When all images were made, as far as they say: what they are depends on no time.
CREATED = "1980-01-01T00:00:00Z"


@dataclass(frozen=True)
class ImagePlan:
    """Everything that an image is a function of, but its Debian systems.

    :param release: its name
    :param architecture: that it runs on, as dpkg and OCI name it
    :param environment: None without one
    :param carried: what of it is built here
    :param debs: files of Debian packages that its own are taken from, besides the suite's -> SHA-256
    :param listed: whether its name is that of an index, which lists it with those for other architectures
    """

    recipe: Recipe
    release: str
    suite: str
    architecture: str
    environment: EnvironmentPlan | None
    carried: tuple[Carried, ...]
    debs: Mapping[str, str] = field(default_factory=dict)
    listed: bool = False

    @cached_property
    def series(self) -> str:
        """The digest of the patches in it, and of the packages that it may take besides the suite's."""
        return series_digest(self.carried, self.debs.values())

    @property
    def common(self) -> str:
        """The name and tag for whatever architecture."""
        return f"{self.recipe.name}:{self.release}-{self.series[:SHORT]}"

    @property
    def reference(self) -> str:
        """Its name and tag: its own, beside those of other architectures."""
        return f"{self.common}-{self.architecture}" if self.listed else self.common

    @property
    def base(self) -> SystemPlan:
        """The Debian system that it shares with others."""
        return SystemPlan(self.suite, self.architecture, base_packages(self.suite))

    def system(self, installed: Collection[str]) -> SystemPlan:
        """The Debian system with its own packages: the base, if that has them.

        :param installed: the packages of the base
        """
        recipe = self.recipe
        missing = {*recipe.packages} - {*installed}
        if not missing:
            return self.base
        packages = tuple(sorted({*base_packages(self.suite), *missing}))
        return SystemPlan(self.suite, self.architecture, packages, recipe.repositories, self.debs)

    @property
    def own(self) -> Carried | None:
        """What it carries of its service's own component."""
        return next((one for one in self.carried if one.component == self.recipe.component), None)


@dataclass(frozen=True)
class Image:
    """An image that has been made.

    :param descriptor: of its manifest
    :param made: whether it was made now
    """

    plan: ImagePlan
    descriptor: oci.Descriptor
    layers: tuple[oci.Descriptor, ...]
    key: str
    made: bool


@dataclass(frozen=True)
class ImageMaker:
    """Makes images.

    :param layout: where they are named
    :param renew: whether Debian systems are made of today's packages
    """

    workshop: Workshop
    layout: Layout
    renew: bool = False

    def make(self, plan: ImagePlan) -> Image:
        """Give an image, made if need be.

        :raises StackwrightError: a package or wheel cannot be had or built, no space, not root
        """
        if plan.recipe.customization:
            _require_here(plan)
        log = self.workshop.logs / f"image-{plan.recipe.name}.log"
        base = self._system(plan.base, log)
        own = plan.system(base.installed(self.cache))
        system = base if own == plan.base else self._system(own, log)
        key = self._key(plan, base, system)
        known = self._found(plan, key)
        if known is not None:
            return known
        what = f"make the image on Debian {plan.suite} for {plan.architecture}"
        self.workshop.events.emit(Told.STARTED, plan.reference, what)
        layers = self._layers(plan, base, system, log)
        directory = self.cache.make(IMAGES, key, lambda place: self._fill(plan, place, system, layers))
        for one in layers:
            self.layout.add_file(one.file, one.descriptor)
        self.layout.add((directory / CONFIG).read_bytes(), oci.CONFIG)
        descriptor = self.layout.add((directory / MANIFEST).read_bytes(), oci.MANIFEST)
        attach_sbom(self.layout, plan.reference, descriptor, (directory / SBOM).read_bytes())
        self.layout.name(plan.reference, descriptor)
        self.workshop.events.emit(Told.DONE, plan.reference, descriptor.digest)
        return Image(plan, descriptor, tuple(one.descriptor for one in layers), key, made=True)

    def name_lists(self, images: Iterable[Image]) -> dict[str, oci.Descriptor]:
        """Give the indexes that list images by their architectures, each under the name that these have in common."""
        lists: dict[str, list[Image]] = {}
        for image in images:
            lists.setdefault(image.plan.common, []).append(image)
        named = {}
        for name, some in lists.items():
            ordered = sorted(some, key=lambda one: one.plan.architecture)
            index = oci.Index(
                schema_version=2, media_type=oci.INDEX, manifests=tuple(_for_platform(one) for one in ordered)
            )
            named[name] = self.layout.add(oci.written(index), oci.INDEX)
        self.layout.name_all(named)
        return named

    @property
    def cache(self) -> ArtifactCache:
        """Where layers and images are kept."""
        return self.workshop.artifacts

    def _found(self, plan: ImagePlan, key: str) -> Image | None:
        """Give the image if it is there whole; its name may be another's meanwhile."""
        directory = self.cache.find(IMAGES, key)
        if directory is None:
            return None
        content = (directory / MANIFEST).read_bytes()
        descriptor = oci.Descriptor(media_type=oci.MANIFEST, digest=oci.digest_of(content), size=len(content))
        if not self.layout.has(descriptor.digest):
            return None
        manifest = self.layout.manifest(descriptor)
        if not self.layout.is_whole(manifest):
            return None
        named = self.layout.find(plan.reference)
        if named is None or named.digest != descriptor.digest:
            self.layout.name(plan.reference, descriptor)
        self.workshop.events.emit(Told.SKIPPED, plan.reference, descriptor.digest)
        return Image(plan, descriptor, manifest.layers, key, made=False)

    def _system(self, plan: SystemPlan, log: Path) -> System:
        known = None if self.renew else plan.newest(self.cache)
        if known is not None:
            return known
        subject = f"debian/{plan.suite}/{plan.architecture}"
        self.workshop.events.emit(Told.STARTED, subject, f"make a system with {' '.join(plan.packages)}")
        made = plan.make(self.cache, log)
        self.workshop.events.emit(Told.DONE, subject)
        return made

    @staticmethod
    def _key(plan: ImagePlan, base: System, system: System) -> str:
        environment = plan.environment.key if plan.environment else ""
        told_ = [one.model_dump() for one in plan.carried]
        return key_of("image", asdict(plan.recipe), plan.release, base.key, system.key, environment, told_)

    def _layers(self, plan: ImagePlan, base: System, system: System, log: Path) -> tuple[Layer, ...]:
        layers = [base.layer(self.cache)]
        if system.key != base.key:
            layers.append(system.layer_above(base, self.cache))
        venv = self._venv(plan)
        if venv is not None:
            layers.append(venv.upstream(self.cache))
            if venv.own & venv.records.keys():
                layers.append(venv.components(self.cache))
        accounts = self._accounts(plan, system)
        about = {"folders": [asdict(one) for one in plan.recipe.folders], "accounts": asdict(accounts)}
        layers.append(
            layer(self.cache, f"Settings of {plan.recipe.name}", about, lambda: _settings(plan.recipe, accounts))
        )
        if plan.recipe.customization:
            above = [*(venv.members() if venv else ()), *_settings(plan.recipe, accounts)]
            inputs = {"system": system.key, "environment": plan.environment.key if plan.environment else "", **about}
            layers.append(customization(self.cache, plan.recipe.customization, system, above, inputs, log))
        return tuple(layers)

    def _venv(self, plan: ImagePlan) -> VenvLayers | None:
        if plan.environment is None:
            return None
        environment = self.workshop.environment(plan.environment, f"{plan.recipe.name}/environment")
        own = frozenset(canonicalize_name(wheel.distribution_name) for wheel in plan.environment.built)
        return VenvLayers(environment, plan.environment.python, own)

    @staticmethod
    def _accounts(plan: ImagePlan, system: System) -> Accounts:
        accounts = system.accounts().settled()
        return with_account(accounts, plan.recipe.account) if plan.recipe.account else accounts

    def _fill(self, plan: ImagePlan, directory: Path, system: System, layers: tuple[Layer, ...]) -> Provenance:
        labels = _labels(plan, system.taken(self.cache))
        config = oci.written(_config(plan, layers, labels))
        described = oci.Descriptor(media_type=oci.CONFIG, digest=oci.digest_of(config), size=len(config))
        manifest = oci.written(
            oci.Manifest(
                schema_version=2,
                media_type=oci.MANIFEST,
                config=described,
                layers=tuple(one.descriptor for one in layers),
                annotations=labels,
            )
        )
        (directory / CONFIG).write_bytes(config)
        (directory / MANIFEST).write_bytes(manifest)
        packages = packages_of(system.root, self._venv(plan))
        if plan.recipe.customization:  # which may have removed some
            packages = packages_in(laid((one.file, one.descriptor.digest) for one in layers))
        bill = of_image(plan.common, oci.digest_of(manifest), packages, plan.carried, NUMBERS[plan.suite])
        (directory / SBOM).write_bytes(bill)
        inputs = {
            "recipe": asdict(plan.recipe),
            "release": plan.release,
            "suite": plan.suite,
            "architecture": plan.architecture,
            "system": system.key,
            "environment": plan.environment.key if plan.environment else "",
            "built": {
                wheel.component: {"tree": wheel.tree, "wheel": wheel.key}
                for wheel in (plan.environment.built if plan.environment else ())
            },
            "carried": [one.model_dump() for one in plan.carried],
            "layers": [{"key": one.key, "digest": one.descriptor.digest, "made-by": one.made_by} for one in layers],
        }
        outputs = {name: sha256_of(directory / name) for name in (MANIFEST, CONFIG, SBOM)}
        return Provenance(inputs, {}, outputs)


def _require_here(plan: ImagePlan) -> None:
    """See that a customization can be run here.

    :raises EnvironmentLacksError: its programs are of another machine, which nothing here runs
    """
    machine = foreign(plan.architecture)
    if machine and not qemu_user.is_registered(machine):
        raise EnvironmentLacksError(
            f"the CUSTOMIZATION of an image for {plan.architecture} cannot be run here",
            where=Where(subject=plan.recipe.name),
            why=f"this machine's kernel knows nothing that runs programs of {machine}",
            fix=f"build it on such a machine, or: apt-get install {qemu_user.PACKAGE} binfmt-support",
        )


def _for_platform(image: Image) -> oci.Descriptor:
    platform = oci.Platform(architecture=image.plan.architecture, os="linux")
    return image.descriptor.model_copy(update={"platform": platform})


def _labels(plan: ImagePlan, debs: Mapping[str, str]) -> dict[str, str]:
    """Give what an image says of itself (annotations.md of the image-spec).

    :param debs: its packages that are of none of Debian's suites: file name -> SHA-256
    """
    labels = {
        oci.TITLE: plan.recipe.name,
        oci.BASE_NAME: f"debian:{plan.suite}",
        SERIES: f"sha256:{plan.series}",
        CARRIED: told(plan.carried),
        oci.CREATED: CREATED,
    }
    if debs:
        labels[PACKAGES] = json.dumps(debs, sort_keys=True)
    if plan.own is not None:
        labels |= {oci.REVISION: plan.own.tree, oci.VERSION: plan.own.version}
    return labels


def _config(plan: ImagePlan, layers: tuple[Layer, ...], labels: Mapping[str, str]) -> oci.Config:
    recipe = plan.recipe
    return oci.Config(
        created=CREATED,
        architecture=plan.architecture,
        os="linux",
        config=oci.Settings(
            user=recipe.user,
            exposed_ports={f"{port}/tcp": {} for port in recipe.ports},
            env=tuple(f"{name}={value}" for name, value in sorted(recipe.environment.items())),
            entrypoint=recipe.command,
            working_dir=recipe.folders[1].path if recipe.folders else "/",
            labels=labels,
            stop_signal=recipe.stop_signal,
        ),
        rootfs=oci.RootFs(type="layers", diff_ids=tuple(one.unpacked for one in layers)),
        history=tuple(oci.History(created=CREATED, created_by=one.made_by) for one in layers),
    )


def _settings(recipe: Recipe, accounts: Accounts) -> Iterator[Member]:
    """Give the layer with what is a service's own: its user, and its folders."""
    yield from directories("etc")
    for path, text in zip(ACCOUNT_FILES, (accounts.passwd, accounts.group, accounts.shadow), strict=True):
        shadow = path.endswith("shadow")
        yield Member(path, Kind.FILE, 0o640 if shadow else 0o644, gid=SHADOW if shadow else 0, content=text.encode())
    leading: dict[str, Member] = {}
    own: dict[str, Member] = {}
    for folder in recipe.folders:
        path = folder.path.strip("/")
        leading |= {one.path: one for one in directories(path)}
        uid, gid = accounts.ids(folder.owner) or (0, 0)
        own[path] = Member(path, Kind.DIRECTORY, stat.S_IMODE(folder.mode), uid, gid)
    yield from ({**leading, **own}[path] for path in leading if path != "etc")
