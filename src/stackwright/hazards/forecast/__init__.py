"""What happens to a distribution on the way from one release to another."""
