"""What a bot does: its life, its ticks, its orders and how it recovers."""
