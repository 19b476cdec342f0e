"""supervisord as it is started here: its own, but for one thing that would keep a processor busy.

It forgets a file descriptor that it has closed only when the next poll says that there is none of the number. If a new
process is started first, the number is that of the pipe to the process's standard input; and when the process closes
its end, as daemons do, each poll returns at once with an error that nobody looks at
(https://github.com/Supervisor/supervisor/issues/807).
"""

from __future__ import annotations

import select

from supervisor import poller, supervisord


class Poller(poller.PollPoller):  # type: ignore[misc]  # it comes without types
    """Forgets, too, what has nothing but an error; what is still to be written to is registered anew before each poll.

    The parameters are those of supervisor's own.
    """

    def _ignore_invalid(self, fd: int, eventmask: int) -> bool:
        only_an_error = bool(eventmask & select.POLLERR) and not eventmask & (self.READ | self.WRITE)
        return bool(super()._ignore_invalid(fd, eventmask | (select.POLLNVAL if only_an_error else 0)))


def main() -> None:
    """Run supervisord; the arguments are its own."""
    poller.Poller = Poller
    supervisord.main()


if __name__ == "__main__":
    main()
