"""Works on history: backtests, statistics of pairs, the pair finder."""
