"""The publish function: puts the built web UI where CloudFront serves it from."""
