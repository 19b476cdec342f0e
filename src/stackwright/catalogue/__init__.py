"""The services as data, a YAML file each, and the model that reads them."""
