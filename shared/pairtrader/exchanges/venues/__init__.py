"""One module for each exchange: its name is the exchange's, its `create` makes an adapter."""
