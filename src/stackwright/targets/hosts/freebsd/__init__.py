"""Everything that a FreeBSD host needs, as one folder."""
