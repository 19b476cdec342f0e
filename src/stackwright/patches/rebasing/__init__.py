"""A series carried to another tree, and the resolutions that are kept."""
