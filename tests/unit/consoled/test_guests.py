"""What is read from a guest's XML."""

from __future__ import annotations

import pytest

from stackwright.consoled.guests import console_of

NMDM = """\
<domain type='bhyve'>
  <name>instance-00000001</name>
  <devices>
    <serial type='nmdm'><source master='/dev/nmdm1A' slave='/dev/nmdm1B'/><target port='0'/></serial>
    <console type='nmdm'><source master='/dev/nmdm1A' slave='/dev/nmdm1B'/><target type='serial' port='0'/></console>
  </devices>
</domain>
"""


def test_the_hosts_end_of_a_bhyve_guests_serial_line_is_its_slave() -> None:
    assert console_of(NMDM) == ("instance-00000001", "/dev/nmdm1B")


def test_a_pseudo_terminal_has_one_end() -> None:
    xml = "<domain><name>x</name><devices><console type='pty'><source path='/dev/pts/7'/></console></devices></domain>"
    assert console_of(xml) == ("x", "/dev/pts/7")


@pytest.mark.parametrize(
    "devices",
    [
        "",
        "<serial type='pty'/>",
        "<serial type='tcp'><source mode='bind' host='127.0.0.1' service='10000'/></serial>",
        "<serial type='file'><source path='/var/log/guest'/></serial>",
    ],
)
def test_a_guest_may_have_no_console_that_is_a_device(devices: str) -> None:
    assert console_of(f"<domain><name>x</name><devices>{devices}</devices></domain>") is None


@pytest.mark.parametrize("xml", ["", "<domain>", "<network><name>x</name></network>", "<domain></domain>", "\0"])
def test_what_is_no_guest_is_told(xml: str) -> None:
    with pytest.raises(ValueError, match=r"the guest's XML cannot be read|no guest's XML"):
        console_of(xml)
