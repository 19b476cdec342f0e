"""Scripts that run in the environments of services, with their packages: they import nothing of ours."""
