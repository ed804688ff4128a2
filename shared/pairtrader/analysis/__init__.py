"""What round trips have earned, in figures: no I/O, no clock, whoever traded them."""
