"""Bots: settings, commands, limits and switches."""
