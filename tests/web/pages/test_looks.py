"""The colours: everything that is read has enough contrast, in light and in dark (WCAG AA)."""

import re
from itertools import product

import pytest

from exact_sync.web.pages.assets import _FILES
from exact_sync.web.pages.states import STATES

SHEET = _FILES["style.css"].decode()
TONES = ("good", "info", "warn", "bad", "calm")
READ = [
    *product(("text", "muted", "accent"), ("ground", "surface", "sunken")),
    *((tone, f"{tone}-ground") for tone in TONES),
    *(("text", f"{tone}-ground") for tone in TONES),
    *(("muted", f"{tone}-ground") for tone in TONES if tone != "calm"),
    *(("bad", ground) for ground in ("surface", "ground")),
    ("warn", "surface"), ("on-accent", "accent"),
]  # fmt: skip
SEEN = [*product(("edge", "focus"), ("ground", "surface")), *((tone, "surface") for tone in TONES)]
"""Edges of fields, the focus, and bars: three to one is enough for those."""


def palette(scheme: str) -> dict[str, str]:
    blocks = re.findall(r":root \{(.*?)\}", SHEET, re.DOTALL)
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[("light", "dark").index(scheme)]))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_there_is_enough_contrast(scheme: str) -> None:
    colours = palette(scheme)
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    poor = [
        (fore, back, round(contrast(colours[fore], colours[back]), 2))
        for pairs, least in ((READ, 4.5), (SEEN, 3.0))
        for fore, back in pairs
        if contrast(colours[fore], colours[back]) < least
    ]
    assert poor == []


def test_both_schemes_name_the_same_colours_and_no_other_is_used() -> None:
    assert palette("light").keys() == palette("dark").keys()
    rest = re.sub(r":root \{.*?\}", "", SHEET, flags=re.DOTALL)
    assert re.findall(r"#[0-9a-f]{3,8}\b|rgb|hsl", rest) == []
    assert set(re.findall(r"var\(--([a-z-]+)\)", SHEET)) <= {*palette("light"), "tone", "tone-ground"}


def test_no_state_is_told_by_colour_alone() -> None:
    assert all(look.word and look.icon for look in STATES.values())
