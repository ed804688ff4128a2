"""One page that shows a backtest by itself, without a server."""
