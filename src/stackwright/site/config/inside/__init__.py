"""Scripts that run in the environments of services, with what is installed there; they import nothing of ours."""
