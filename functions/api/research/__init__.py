"""Backtests and analyses: asked for, shown, cancelled and deleted; the research function works."""
