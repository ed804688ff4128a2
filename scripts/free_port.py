"""Prints a loopback port that nobody listens on."""

from scripts.loopback import free_port

if __name__ == "__main__":
    print(free_port())
