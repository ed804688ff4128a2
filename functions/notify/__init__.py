"""The notify function: finds out whom an event in a bot's log concerns."""
