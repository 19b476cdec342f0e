"""The guest that proofs boot: Debian's cloud kernel, and an archive of busybox and a few scripts of ours."""

from stackwright.proof.guest.image import COMMAND_LINE, GuestImage, make_guest

__all__ = ["COMMAND_LINE", "GuestImage", "make_guest"]
