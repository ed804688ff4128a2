"""pairtrader: the library behind the functions, in layers whose imports point one way."""
