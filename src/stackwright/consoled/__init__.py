"""The console broker: serial consoles of guests offered on TCP ports, one socat each, on FreeBSD and on Linux.

It runs on each compute and needs nothing but Python, socat and, to find the guests that run, virsh: so it imports
nothing of Stackwright's other packages, and is carried to a host as one file (`python -m zipapp`).
"""
