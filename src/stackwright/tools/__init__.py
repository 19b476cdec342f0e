"""The programs Stackwright drives, a module each; nothing outside this package runs a process."""
