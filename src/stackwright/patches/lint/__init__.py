"""What is wrong with what patches say of themselves, and the sets they form."""
