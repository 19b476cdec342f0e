"""One cloud: its ports, names, secrets and values, and the configuration rendered from them."""
