"""What surrounds every endpoint: addresses, frames, problems, routes, the description."""
