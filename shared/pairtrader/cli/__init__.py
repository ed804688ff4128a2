"""The command `pairtrader`."""
