import numpy as np
import pytest
import torch
from PIL import Image

from eqkit.tasks.glyphs import FewShot
from eqkit.tasks.omniglot import load_omniglot

ALPHABETS = {"Alphabet_of_the_Magi": 3, "Greek": 2}


@pytest.fixture
def folder(tmp_path):
    """A small Omniglot: the characters of two alphabets by 20 drawers, each a bar whose column says who drew what."""
    for alphabet, count in ALPHABETS.items():
        for character in range(count):
            place = tmp_path / "images_background" / alphabet / f"character{character + 1:02}"
            place.mkdir(parents=True)
            for drawer in range(20):
                page = np.full((105, 105), True)  # white
                page[15 * character : 15 * character + 15, 4 * drawer + 10 : 4 * drawer + 25] = False
                Image.fromarray(page).save(place / f"{character + 1:04}_{drawer + 1:02}.png")
    return tmp_path


def test_alphabets_characters_and_drawers_are_read_in_order(folder):
    glyphs = load_omniglot(folder)
    assert glyphs.images.shape == (5, 20, 28, 28)
    assert glyphs.images.dtype == torch.uint8
    assert glyphs.scripts == ("Alphabet_of_the_Magi", "Greek")
    assert glyphs.script.tolist() == [0, 0, 0, 1, 1]
    assert glyphs.names[3:] == ("Greek character01", "Greek character02")
    assert glyphs.of("Greek").names == glyphs.names[3:]


def test_black_strokes_become_ink_where_they_are_and_keep_their_area(folder):
    images = load_omniglot(str(folder)).images.double() / 255
    torch.testing.assert_close(images.sum((2, 3)), torch.full((5, 20), 16.0).double(), atol=0.1, rtol=0)  # (15 / 3.75)²
    rows, columns = images.sum(3), images.sum(2)
    number = torch.arange(28.0).double()
    centre = torch.stack([rows @ number, columns @ number]) / 16  # (2, characters, drawers)
    expected = torch.tensor([[15 * c + 7.5 for _ in range(20)] for c in (0, 1, 2, 0, 1)]).double() / 3.75 - 0.5
    torch.testing.assert_close(centre[0], expected, atol=0.02, rtol=0)
    torch.testing.assert_close(centre[1, 0], (4 * torch.arange(20.0).double() + 17.5) / 3.75 - 0.5, atol=0.15, rtol=0)


def test_few_shot_episodes_take_what_was_read(folder):
    episodes = FewShot(load_omniglot(folder).images, way=5, shot=1, query=19)(2, torch.Generator().manual_seed(0))
    assert episodes.check().x_query.shape == (2, 95, 1, 28, 28)
    assert episodes.x_query.max() == 1


def test_a_missing_folder_names_itself_and_the_cure(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"images_evaluation; unpack images_evaluation\.zip .*<alphabet>"):
        load_omniglot(folder, "evaluation")
    with pytest.raises(FileNotFoundError, match="nowhere.*github.com/brendenlake/omniglot"):
        load_omniglot(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"'test'.*background"):
        load_omniglot(folder, "test")


def test_a_folder_that_is_laid_out_differently_or_incomplete_is_refused(folder, tmp_path):
    top = folder / "images_background"
    (top / "Greek" / "character02" / "0002_07.png").unlink()
    with pytest.raises(ValueError, match=r"Greek/character02\): every character needs one image of each drawer, 20"):
        load_omniglot(folder)
    nested = tmp_path / "again" / "images_background"
    nested.mkdir(parents=True)
    with pytest.raises(ValueError, match="laid out differently.*no character"):
        load_omniglot(nested.parent)
    (nested / "images_background" / "Greek" / "character01").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"images_background/Greek\): every character"):
        load_omniglot(nested.parent)


def test_a_broken_image_is_named(folder):
    broken = folder / "images_background" / "Greek" / "character01" / "0001_03.png"
    broken.write_bytes(broken.read_bytes()[:40])
    with pytest.raises(ValueError, match=r"0001_03\.png is no image that can be read"):
        load_omniglot(folder)
