"""Value objects that every layer speaks in: markets, orders, positions and bots."""
