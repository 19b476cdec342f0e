"""All that a release is made of in one folder, from which it can be built again without a network."""
