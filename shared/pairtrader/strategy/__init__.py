"""What to do, decided from numbers alone: no I/O, no clock, no exchange."""
