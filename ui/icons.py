"""Line icons on a 24 x 24 field, drawn for this product."""

ICONS = {
    "home": "M3.5 11.5 12 4l8.5 7.5M6 9.5V20h4.5v-5.5h3V20H18V9.5",
    "meter": "M4 4h16v16H4zM7 8h10v4.5H7zM10.3 8v4.5M13.7 8v4.5M8 16.5h3M15.5 16.5h.5",
    "prices": "M5 20v-6M10 20V8M15 20v-9M20 20V4",
    "history": "M4 12a8 8 0 1 0 2.6-5.9M4 4.5v4h4M12 7.5V12l3 2",
    "phases": "M12 12.5V6.4M12 12.5l-5.3 3.8M12 12.5l5.3 3.8M10.3 4.7a1.7 1.7 0 1 0 3.4 0a1.7 1.7 0 1 0-3.4 0"
    "M3.6 17.4a1.7 1.7 0 1 0 3.4 0a1.7 1.7 0 1 0-3.4 0M17 17.4a1.7 1.7 0 1 0 3.4 0a1.7 1.7 0 1 0-3.4 0",
    "battery": "M3.5 7.5h15v9h-15zM21 10.5v3M7 10.5v3M10.8 10.5v3",
    "download": "M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14",
    "calendar": "M4 6h16v14H4zM4 10.5h16M8.5 3.5v4M15.5 3.5v4",
    "later": "M6 18.5V10h11M13 6l4 4-4 4",
    "health": "M3 12h4l2.5-6.5 4.5 13L16.5 12H21",
    "more": "M4 6.5h16M4 12h16M4 17.5h16",
    "add": "M12 5v14M5 12h14",
    "copy": "M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4",
    "remove": "M4.5 6.5h15M9.5 6.5v-2h5v2M6.5 6.5l1 13.5h9l1-13.5M10.2 10.5v6M13.8 10.5v6",
    "spread": "M3.5 5v14M20.5 5v14M7 12h10M9.5 9.5 7 12l2.5 2.5M14.5 9.5 17 12l-2.5 2.5",
    "all": "M3.5 3.5h7v7h-7zM13.5 3.5h7v7h-7zM3.5 13.5h7v7h-7zM13.5 13.5h7v7h-7z",
    "earlier": "M18 18.5V10h-11M11 6l-4 4 4 4",
    "turn": "M19.5 12A7.5 7.5 0 1 1 17 6.4M17.5 3v4h-4",
    "back": "M20 6H9l-6 6 6 6h11zM12 9.5l5 5M17 9.5l-5 5",
    "check": "M12 4v16M7.5 20h9M5 7h14M5 7 2.5 13.5h5ZM19 7l-2.5 6.5h5Z",
    "prepaid": "M18 7.5V4.5H5.5a2 2 0 0 0 0 4h15v11h-15a2 2 0 0 1-2-2v-11M16.3 14v.2",
    "bill": "M6 3.5h12v17l-3-2-3 2-3-2-3 2ZM9 8.5h6M9 12.5h6",
    "plug": "M9 3v5M15 3v5M6.5 8h11v3a5.5 5.5 0 0 1-11 0ZM12 16.5V21",
    "message": "M4 5h16v11h-9l-4.5 4v-4H4zM8 9h8M8 12.3h5",
    "warn": "M12 3.5 2.5 20h19ZM12 10v4.5M12 17.3v.2",
    "lock": "M6 11h12v9.5H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
}


def svg(name: str) -> str:
    """The icon as markup; constant, so it needs no cleaning."""
    return f'<svg class="ico" viewBox="0 0 24 24" aria-hidden="true"><path d="{ICONS[name]}"/></svg>'
