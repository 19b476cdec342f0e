"""A stand-in for a FreeBSD host: a chroot of busybox with stubs of FreeBSD's own tools that record their calls.

The stubs keep what they are told in files, so that a second run of the installer finds what the first has done.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

STUBS = Path(__file__).with_name("stubs")
# Tools that busybox has and FreeBSD's base system, too.
APPLETS = (
    *("awk", "cat", "chmod", "chown", "cmp", "cp", "cut", "date", "dirname", "env", "echo", "false", "grep", "head"),
    *("id", "kill", "ln", "ls", "mkdir", "mktemp", "mv", "printf", "readlink", "rm", "rmdir", "sed", "sh", "sleep"),
    *("sort", "tail", "test", "touch", "tr", "true", "uniq", "wc"),
)
FOLDERS = (
    *(
        "bin",
        "boot",
        "calls",
        "dev",
        "etc",
        "folder",
        "tmp",
        "usr/local/bin",
        "usr/sbin",
        "var/db",
        "var/log",
        "var/tmp",
    ),
    *("var/run/libvirt", "var/run/stackwright-consoled"),
)
PLACES = {"python3.11": "usr/local/bin", "daemon": "usr/sbin"}
# Where the packages' own processes listen, which are not here.
SOCKETS = ("tmp/mysql.sock", "var/run/libvirt/libvirt-sock", "var/run/stackwright-consoled/consoled.sock")


@dataclass(frozen=True)
class FreeBSDHost:
    """The chroot, and what was called in it."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> FreeBSDHost:
        """Make one that nothing is installed on."""
        for folder in FOLDERS:
            (root / folder).mkdir(parents=True)
        for program in ("busybox", "install"):
            _bring(program, root)
        for name in APPLETS:
            (root / "bin" / name).hardlink_to(root / "bin/busybox")
        for stub in sorted(STUBS.iterdir()):
            place = root / PLACES.get(stub.name, "bin") / stub.name
            place.write_text(stub.read_text())
            place.chmod(0o755)
        os.mknod(root / "dev/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        for socket in SOCKETS:
            os.mknod(root / socket, stat.S_IFSOCK | 0o600)
        (root / "etc/rc.subr").write_text(STUBS.with_name("rc.subr").read_text())
        (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n")
        (root / "etc/group").write_text("wheel:x:0:\nnobody:x:65534:\n")
        (root / "etc/fstab").write_text("/dev/ada0p2\t/\tufs\trw\t1\t1\n")
        return cls(root)

    def end(self) -> None:
        """End what the stub of daemon(8) has started."""
        for file in (self.root / "var/run").glob("*.pid"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(file.read_text()), signal.SIGKILL)

    def run(self, *command: str, status: int = 0) -> str:
        """Run a command in it and insist on its exit status; gives what it prints."""
        done = subprocess.run(
            ["/usr/sbin/chroot", str(self.root), *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env={"PATH": "/bin:/usr/local/bin", "HOME": "/root"},
            timeout=300,
        )
        assert done.returncode == status, f"{' '.join(command)}: {done.returncode}\n{done.stdout[-4000:]}"
        return done.stdout

    def calls(self, tool: str = "") -> list[str]:
        """Give the calls of the stubs, in order; of one alone if it is named."""
        log = self.root / "calls/log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line for line in lines if line.split(" ")[0] == tool or not tool]

    def forget(self) -> None:
        """Forget the calls until now."""
        (self.root / "calls/log").unlink(missing_ok=True)

    def standing(self) -> dict[str, tuple[str, str]]:
        """Give what every file is: mode, owner and content; but for what the stubs write of themselves."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if name.startswith(("calls", "bin/", "folder", "dev", "lib")) or path.is_dir() or path.is_socket():
                continue
            about = path.lstat()
            content = str(path.readlink()) if path.is_symlink() else path.read_bytes().hex()
            found[name] = (f"{stat.filemode(about.st_mode)} {about.st_uid}:{about.st_gid}", content)
        return found


def _bring(program: str, root: Path) -> None:
    """Copy a program of this machine, with the libraries that it needs."""
    place = Path(str(shutil.which(program)))
    shutil.copy2(place, root / "bin" / program)
    for library in re.findall(r"(/\S+) \(0x", subprocess.run(["ldd", place], capture_output=True, text=True).stdout):
        copy = root / library.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.exists():
            shutil.copy2(library, copy)
