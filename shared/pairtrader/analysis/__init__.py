"""What the past says in figures: round trips as they were earned, and prices of pairs.

No I/O, no clock, whoever traded them.
"""
