"""To be run by the Python of kolla, with kolla-build's options: all of a build but the container engine's part.

Prints, as JSON, the images that matched: their name with the tag, and of each source that is local its first member.
"""

from __future__ import annotations

import json
import shutil
import sys
import tarfile
from types import SimpleNamespace
from typing import Any

from kolla.common import config
from kolla.image.kolla_worker import KollaWorker
from kolla.image.tasks import BuildTask
from kolla.image.utils import Status
from oslo_config import cfg


def taken(conf: Any, image: Any) -> dict[str, str]:
    """Give the archives that kolla takes for an image: name -> the folder that all of it is in."""
    task = BuildTask(conf, image, SimpleNamespace(put=print))
    found = {}
    for source in (image.source, *image.plugins):
        if source["type"] == "local":
            archive = task.process_source(image, source)
            with tarfile.open(archive) as tar:
                (found[source["name"]],) = {name.partition("/")[0] for name in tar.getnames()}
    return found


def main() -> None:
    conf = cfg.ConfigOpts()
    config.parse(conf, [*sys.argv[1:], "--engine", "podman", "--template-only"], prog="kolla-build")
    worker = KollaWorker(conf)
    worker.setup_working_dir()
    try:
        worker.find_dockerfiles()
        worker.create_dockerfiles()
        worker.build_image_list()
        worker.find_parents()
        worker.filter_images()
        images = [image for image in worker.images if image.status is Status.MATCHED and image.source]
        recipes = {image.name: open(f"{image.path}/Dockerfile").read() for image in images}  # noqa: PTH123, SIM115
        rows = [
            {"name": each.canonical_name, "sources": taken(conf, each), "plugins": "/plugins/*" in recipes[each.name]}
            for each in images
        ]
        print(json.dumps(rows))
    finally:
        shutil.rmtree(worker.working_dir)


if __name__ == "__main__":
    main()
