"""The tick function: runs one bot once."""
