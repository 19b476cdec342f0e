from __future__ import annotations

from pathlib import Path

from stackwright.tools.chroot import System, argv

SYSTEM = System((Path("/base"), Path("/layer one")), Path("/place"), {"/srv/packages": Path("/made")})


def script(*, network: bool) -> str:
    return argv(SYSTEM, ["make", "all it"], user="builder:builder", directory="/build", network=network)[-1]


def test_the_lowest_layer_is_the_last_of_the_overlay() -> None:
    layers = "'lowerdir=/layer one:/base,upperdir=/place/upper,workdir=/place/work'"
    assert f"mount -t overlay overlay -o {layers} /place/root" in script(network=False)


def test_a_program_without_the_network_has_one_of_its_own() -> None:
    words = argv(SYSTEM, ["true"], user="root", directory="/", network=False)
    assert "--net" in words
    assert "ip link set lo up" in words[-1]
    assert "resolv.conf" not in words[-1]


def test_a_program_with_the_network_finds_servers_by_name() -> None:
    words = argv(SYSTEM, ["true"], user="root", directory="/", network=True)
    assert "--net" not in words
    assert "mount --bind /etc/resolv.conf /place/root/etc/resolv.conf" in words[-1]


def test_folders_are_shown_to_be_read() -> None:
    assert "mount --bind /made /place/root/srv/packages\nmount -o remount,bind,ro /place/root/srv/packages" in script(
        network=False
    )


def test_the_program_is_the_last_word_and_its_arguments_stay_whole() -> None:
    last = script(network=False).splitlines()[-1]
    assert last == "chroot --userspec=builder:builder /place/root env --chdir=/build make 'all it' || exit $?"


def test_all_of_it_ends_with_who_began_it() -> None:
    words = argv(SYSTEM, ["true"], user="root", directory="/", network=False)
    assert words[:4] == ["setpriv", "--pdeathsig", "KILL", "--"]
    assert {"--pid", "--fork", "--kill-child", "--mount"} <= set(words)
