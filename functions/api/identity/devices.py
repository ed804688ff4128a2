"""What a program is called in the list of sessions, made from its user agent."""

# The first that occurs counts: many browsers also name those they are like.
_PROGRAMS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
    ("python", "Python"),
    ("node", "Node.js"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
UNKNOWN = "Unknown program"


def device_name(user_agent: str) -> str:
    """Return a short name such as ``Firefox on Linux``."""
    program = _first(_PROGRAMS, user_agent) or UNKNOWN
    system = _first(_SYSTEMS, user_agent)
    return f"{program} on {system}" if system else program


def _first(names: tuple[tuple[str, str], ...], user_agent: str) -> str:
    lowered = user_agent.casefold()
    return next((name for part, name in names if part.casefold() in lowered), "")
