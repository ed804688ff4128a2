"""The simulated exchange: its markets, its matching and the records of its accounts."""
