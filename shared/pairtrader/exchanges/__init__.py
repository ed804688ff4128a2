"""Exchange adapters behind one small interface."""
