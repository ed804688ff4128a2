"""Recorded markets: files of candles and funding rates, downloads, and what is wrong with them."""
