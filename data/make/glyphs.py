"""Write data/glyphs.npz: characters of many scripts, each in 20 styles, 28 × 28, rendered from Debian's Noto fonts.

apt-get install fonts-noto-core fonts-noto-extra fonts-noto-cjk
python data/make/glyphs.py [picture.png]

A style is a hand: a font, a pen and a way to lean, drawn once a script; every character wavers a little of its own.
A glyph is kept as its signed distance function: a warp of the page moves it, a threshold sets the weight of the pen.
"""

import hashlib
import sys
import unicodedata
from functools import cache
from pathlib import Path

import numpy as np
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

SIZE, STYLES, FINE = 28, 20, 5  # pixels a side, styles of a character, fine pixels a pixel
FEWEST, MOST = 8, 26  # characters of a script
FONTS = Path("/usr/share/fonts")
WEIGHTS = ("Light", "Regular", "Medium", "Bold")
# script: what the names of its Noto fonts add, and the first and last code points of its letters
SCRIPTS = {
    "Greek": ("", (0x391, 0x3A9), (0x3B1, 0x3C9)),
    "Latin": ("", (0x41, 0x5A), (0x61, 0x7A)),
    "Cyrillic": ("", (0x410, 0x44F)),
    "Armenian": ("Armenian", (0x531, 0x556), (0x561, 0x586)),
    "Georgian": ("Georgian", (0x10D0, 0x10F0)),
    "Hebrew": ("Hebrew", (0x5D0, 0x5EA)),
    "Arabic": ("Arabic", (0x621, 0x64A)),
    "Syriac": ("Syriac", (0x710, 0x72F)),
    "Thaana": ("Thaana", (0x780, 0x7A5)),
    "N'Ko": ("NKo", (0x7CA, 0x7EA)),
    "Mandaic": ("Mandaic", (0x840, 0x858)),
    "Devanagari": ("Devanagari", (0x905, 0x939)),
    "Bengali": ("Bengali", (0x985, 0x9B9)),
    "Gurmukhi": ("Gurmukhi", (0xA05, 0xA39)),
    "Gujarati": ("Gujarati", (0xA85, 0xAB9)),
    "Oriya": ("Oriya", (0xB05, 0xB39)),
    "Tamil": ("Tamil", (0xB85, 0xBB9)),
    "Telugu": ("Telugu", (0xC05, 0xC39)),
    "Kannada": ("Kannada", (0xC85, 0xCB9)),
    "Malayalam": ("Malayalam", (0xD05, 0xD39)),
    "Sinhala": ("Sinhala", (0xD85, 0xDC6)),
    "Thai": ("Thai", (0xE01, 0xE2E)),
    "Tibetan": ("Tibetan", (0xF40, 0xF6C)),
    "Myanmar": ("Myanmar", (0x1000, 0x102A)),
    "Ethiopic": ("Ethiopic", (0x1200, 0x135A)),
    "Cherokee": ("Cherokee", (0x13A0, 0x13F4)),
    "Runic": ("Runic", (0x16A0, 0x16EA)),
    "Khmer": ("Khmer", (0x1780, 0x17B3)),
    "Mongolian": ("Mongolian", (0x1820, 0x1842)),
    "New Tai Lue": ("NewTaiLue", (0x1980, 0x19AB)),
    "Balinese": ("Balinese", (0x1B05, 0x1B33)),
    "Sundanese": ("Sundanese", (0x1B83, 0x1BA0)),
    "Lepcha": ("Lepcha", (0x1C00, 0x1C23)),
    "Glagolitic": ("Glagolitic", (0x2C00, 0x2C2E)),
    "Tai Viet": ("TaiViet", (0xAA80, 0xAAAF)),
    "Tifinagh": ("Tifinagh", (0x2D30, 0x2D67)),
    "Hiragana": ("CJK", (0x3042, 0x3093)),
    "Katakana": ("CJK", (0x30A2, 0x30F3)),
    "Bopomofo": ("CJK", (0x3105, 0x3129)),
    "Hangul": ("CJK", (0x3131, 0x3163)),
    "Yi": ("Yi", (0xA000, 0xA0FF)),
    "Vai": ("Vai", (0xA500, 0xA60B)),
    "Saurashtra": ("Saurashtra", (0xA882, 0xA8B3)),
    "Kayah Li": ("KayahLi", (0xA90A, 0xA925)),
    "Javanese": ("Javanese", (0xA984, 0xA9B2)),
    "Meetei Mayek": ("MeeteiMayek", (0xABC0, 0xABE2)),
    "Linear B": ("LinearB", (0x10000, 0x1004D)),
    "Osage": ("Osage", (0x104B0, 0x104D3)),
    "Cypriot": ("Cypriot", (0x10800, 0x1083F)),
    "Avestan": ("Avestan", (0x10B00, 0x10B35)),
    "Old Turkic": ("OldTurkic", (0x10C00, 0x10C48)),
    "Brahmi": ("Brahmi", (0x11005, 0x11037)),
    "Warang Citi": ("WarangCiti", (0x118A0, 0x118DF)),
}


def fonts(stem: str) -> list[Path]:
    """The fonts of a script: sans and serif, of each weight that Debian has."""
    names = [f"Noto{kind}{stem}-{weight}" for kind in ("Sans", "Serif") for weight in WEIGHTS]
    found = [path for name in names for path in sorted(FONTS.glob(f"*/noto/{name}.tt[fc]"))]
    if not found:
        raise SystemExit(
            f"no font Noto*{stem} in {FONTS}: apt-get install fonts-noto-core fonts-noto-extra fonts-noto-cjk"
        )
    return found


@cache
def covers(path: Path) -> frozenset[int]:
    """The code points that a font has a glyph for: any other would be drawn as an empty box."""
    return frozenset(TTFont(path, lazy=True, fontNumber=0).getBestCmap())


def letters(script: str) -> list[str]:
    """The letters of a script that all its fonts have; none that is another letter with an accent."""
    stem, *blocks = SCRIPTS[script]
    known = frozenset.intersection(*(covers(path) for path in fonts(stem)))
    every = [chr(code) for first, last in blocks for code in range(first, last + 1) if code in known]
    return [
        c
        for c in every
        if unicodedata.category(c) in ("Lu", "Ll", "Lo") and unicodedata.decomposition(c)[:1] in ("", "<")
    ]


@cache
def face(path: Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), 200, layout_engine=ImageFont.Layout.BASIC)


@cache
def distance(character: str, path: Path) -> np.ndarray | None:
    """Signed distance to the outline in pixels of the data, negative in the ink, on a page FINE times as fine.

    The longer side of the glyph is 20 of the 28 pixels; a flat one is made up to 1.5 times as high, to be readable at
    this size, and a narrow one as much wider. None for a blank glyph.
    """
    left, top, right, bottom = face(path).getbbox(character)
    page = Image.new("L", (right - left + 80, bottom - top + 80))
    ImageDraw.Draw(page).text((40 - left, 40 - top), character, 255, face(path))
    box = page.getbbox()
    if box is None:
        return None
    ink = page.crop(box)
    side = 20 * FINE / max(ink.size) * np.array(ink.size)
    side = np.maximum(side, np.minimum(1.5 * side, 14 * FINE)).round().astype(int)
    ink = ink.resize(side.tolist(), Image.Resampling.BOX)
    fine = Image.new("L", (SIZE * FINE,) * 2)
    fine.paste(ink, tuple((SIZE * FINE - length) // 2 for length in ink.size))
    inside = np.asarray(fine) >= 128
    if not inside.any():
        return None
    return (ndimage.distance_transform_edt(~inside) - ndimage.distance_transform_edt(inside)) / FINE


def draw(shape: np.ndarray, matrix: np.ndarray, wave: np.ndarray, pen: float) -> np.ndarray:
    """The pixels whose place on the warped page is at most `pen` from the ink: bool, a page of the size of `wave`."""
    side = wave.shape[-1]
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij")) - (side - 1) / 2
    source = np.einsum("ij,jhw->ihw", matrix, grid) + wave
    fine = (source + (SIZE - 1) / 2) * FINE + (FINE - 1) / 2
    return ndimage.map_coordinates(shape, fine, order=1, mode="nearest") <= pen


def cut(page: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """The middle (28, 28) of a larger page after a shift, made smaller where need be, so that no ink is cut off."""
    corner = []
    for axis in (0, 1):
        inked = np.flatnonzero(page.any(1 - axis))
        wanted = (page.shape[axis] - SIZE) // 2 - shift[axis]
        corner.append(int(np.clip(wanted, inked[-1] - SIZE + 2, inked[0] - 1)))
    return page[corner[0] : corner[0] + SIZE, corner[1] : corner[1] + SIZE]


def warp(rng: np.random.Generator, turn: float, lean: float, stretch: float) -> np.ndarray:
    """A linear map (2, 2) of (row, column): at random a turn of up to `turn` degrees, a slant, and a change of size."""
    angle, slant = np.deg2rad(rng.uniform(-turn, turn)), rng.uniform(-lean, lean)
    size = np.exp(rng.uniform(-stretch, stretch, 2))
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return turned @ np.array([[1, 0], [slant, 1]]) @ np.diag(size)


def hand(script: str, style: int) -> tuple[np.random.Generator, Path, np.ndarray, float]:
    """How style number `style` writes a script: (random numbers of its own, font, linear map, weight of the pen)."""
    rng = np.random.default_rng([SCRIPTS[script][1][0], style])
    choice = fonts(SCRIPTS[script][0])
    return rng, choice[style % len(choice)], warp(rng, 5, 0.2, 0.14), rng.uniform(-0.1, 0.35)


def in_styles(script: str, characters: list[str]) -> np.ndarray:
    """Every character in every style, bool (characters, styles, 28, 28)."""
    images = np.zeros((len(characters), STYLES, SIZE, SIZE), bool)
    for style in range(STYLES):
        rng, path, matrix, pen = hand(script, style)
        for number, character in enumerate(characters):
            shape = distance(character, path)
            assert shape is not None  # blank glyphs were left out
            wave = ndimage.gaussian_filter(rng.standard_normal((2, SIZE + 12, SIZE + 12)), (0, 4, 4))
            wave *= rng.uniform(0.5, 1.1) / wave.std()
            own = matrix @ warp(rng, 3, 0.05, 0.06)
            half = -np.quantile(shape[shape < 0], 0.1)  # of the width of a stroke, which shall be a pixel or more
            page = draw(shape, own, wave, max(pen, 0.55 - half))
            images[number, style] = cut(page, rng.integers(-1, 2, 2))
    return images


def plain(character: str, path: Path, degrees: float, mirror: bool) -> np.ndarray:
    shape = distance(character, path)
    angle, flip = np.deg2rad(degrees), -1 if mirror else 1
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [flip * np.sin(angle), flip * np.cos(angle)]])
    return draw(shape, matrix, np.zeros((2, SIZE, SIZE)), 0.1).ravel()


def distinct(characters: list[str], paths: list[Path]) -> np.ndarray:
    """Which characters no earlier one looks like, bool (characters,).

    Two look alike if, in one of 16 turns, mirrored or not, fewer than 7 % of the ink pixels of either are more than 1.5
    pixels from the ink of the other: flips and turns of a picture must not make one character of another.
    """

    def near(ink: np.ndarray) -> np.ndarray:
        far = [ndimage.distance_transform_edt(~image.reshape(SIZE, SIZE)).ravel() > 1.5 for image in ink]
        return np.array(far, np.float32)

    pairs = list(zip(characters, paths, strict=True))
    upright = np.array([plain(c, path, 0, False) for c, path in pairs])
    beyond, share = near(upright), upright / upright.sum(1, keepdims=True)
    alike = np.zeros((len(pairs), len(pairs)), bool)
    for mirror in (False, True):
        for degrees in np.arange(16) * 22.5:
            turned = np.array([plain(c, path, degrees, mirror) for c, path in pairs])
            there = share @ near(turned).T
            back = beyond @ (turned / turned.sum(1, keepdims=True)).T
            alike |= (there < 0.07) & (back < 0.07)
    keep = np.ones(len(pairs), bool)
    for i in range(len(pairs)):
        keep[i] = not (alike[i, :i] & keep[:i]).any()
    return keep


def main(picture: str | None = None) -> None:
    script, characters, paths = [], [], []
    for name, (stem, *_) in SCRIPTS.items():
        faces = fonts(stem)
        regular = next(path for path in faces if "Regular" in path.name)
        drawn = [c for c in letters(name) if all(distance(c, path) is not None for path in faces)]
        script += [name] * len(drawn)
        characters += drawn
        paths += [regular] * len(drawn)
    keep = np.flatnonzero(distinct(characters, paths))
    kept = {name: [characters[i] for i in keep if script[i] == name] for name in SCRIPTS}
    kept = {
        name: [some[i] for i in np.unique(np.linspace(0, len(some) - 1, MOST).round().astype(int))]
        for name, some in kept.items()
        if len(some) >= FEWEST
    }
    images = np.concatenate([in_styles(name, some) for name, some in kept.items()])
    flat = images.reshape(-1, SIZE * SIZE)
    if len(np.unique(flat, axis=0)) < len(flat) or flat.sum(1).min() < 20:
        raise SystemExit("two renderings are the same, or one is all but blank")
    target = Path(__file__).parents[1] / "glyphs.npz"
    codes = [ord(c) for some in kept.values() for c in some]
    np.savez_compressed(
        target,
        images=np.packbits(flat, axis=1).reshape(len(codes), STYLES, -1),
        names=np.array([unicodedata.name(chr(code)) for code in codes]),
        script=np.repeat(np.arange(len(kept), dtype=np.uint8), [len(some) for some in kept.values()]),
        scripts=np.array(list(kept)),
    )
    print({name: len(some) for name, some in kept.items()}, f"of {len(characters)} letters")
    print(f"{len(codes)} characters of {len(kept)} scripts, sha256 {hashlib.sha256(target.read_bytes()).hexdigest()}")
    if picture:
        rows = images[:: max(1, len(codes) // 40)]
        Image.fromarray(~np.block([[np.pad(image, 1) for image in row] for row in rows])).save(picture)


if __name__ == "__main__":
    main(*sys.argv[1:])
