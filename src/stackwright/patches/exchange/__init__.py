"""Series from elsewhere, and series for others."""
