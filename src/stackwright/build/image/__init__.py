"""Images of services: layers, the OCI layout that holds them, what is in them, signatures and registries."""
