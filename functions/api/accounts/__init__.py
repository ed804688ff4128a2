"""Exchange accounts, and the function that speaks with exchanges."""
