"""Asks exchanges what the API wants to know: accounts, markets, balances, candles."""
