"""The local target: a cloud on this machine, every part a private instance under the state directory."""
