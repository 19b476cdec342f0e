"""What is built here in the forms that other tools take: constraints, a package index, kolla's sources."""
