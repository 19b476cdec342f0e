"""A site's configuration held against the options that the built environments of its services really have."""
