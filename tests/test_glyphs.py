import unicodedata

import pytest
import torch

from eqkit.meta_learning import Episodes
from eqkit.tasks.glyphs import META_TEST, PARTS, Augment, FewShot, load_glyphs


def seed(number):
    return torch.Generator().manual_seed(number)


# the data
def test_a_thousand_characters_of_fifty_scripts_in_twenty_styles_are_black_and_white():
    glyphs = load_glyphs()
    assert glyphs.images.shape == (1026, 20, 28, 28)
    assert str(glyphs) == "Glyphs(1026 characters of 53 scripts in 20 styles, 28 × 28)"
    assert glyphs.images.dtype == torch.uint8
    assert glyphs.images.unique().tolist() == [0, 255]
    assert len(set(glyphs.names)) == 1026
    assert len(set(glyphs.scripts)) == 53


def test_every_name_is_that_of_a_letter_and_names_its_script():
    glyphs = load_glyphs()
    spelt = {"N'Ko": "NKO", "New Tai Lue": "NEW TAI LUE", "Old Turkic": "OLD TURKIC"}
    for name, script in zip(glyphs.names, glyphs.script.tolist(), strict=True):
        assert unicodedata.category(unicodedata.lookup(name))[0] == "L"
        assert name.startswith(spelt.get(glyphs.scripts[script], glyphs.scripts[script].upper()))


def test_no_image_is_blank_cut_off_or_there_twice():
    flat = load_glyphs().images.flatten(0, 1) > 0
    assert flat.sum((1, 2)).min() >= 20
    assert flat.flatten(1).float().mean(1).max() < 0.6
    border = torch.cat([flat[:, 0], flat[:, -1], flat[:, :, 0], flat[:, :, -1]], 1)
    assert border.any(1).float().mean() < 0.01
    assert len(flat.flatten(1).unique(dim=0)) == len(flat)


def blurred(images):
    x = torch.nn.functional.avg_pool2d(images.flatten(0, 1)[:, None].float(), 3, 1, 1)
    return torch.nn.functional.normalize(x.flatten(1), dim=1).unflatten(0, images.shape[:2])


def test_every_style_is_nearer_to_the_others_of_its_character_than_to_other_characters_of_the_script():
    glyphs = load_glyphs()
    for script in glyphs.scripts:
        x = blurred(glyphs.of(script).images)  # (characters, styles, pixels)
        own = torch.nn.functional.normalize(x.sum(1, keepdim=True) - x, dim=2)  # the mean without the style itself
        similar = torch.einsum("csp,dsp->csd", x, own)
        right = (similar.argmax(2) == torch.arange(len(x))[:, None]).float().mean(1)
        assert right.mean() > max(0.55, 5 / len(x)), script
        assert (right > 1 / len(x)).all(), script


def test_no_two_characters_have_the_same_mean_when_turned_or_mirrored():
    means = blurred(load_glyphs().images).mean(1)
    means = torch.nn.functional.normalize(means, dim=1).unflatten(1, (28, 28))
    largest = torch.zeros(len(means))
    for k in range(4):
        for image in (means.rot90(k, (1, 2)), means.rot90(k, (1, 2)).flip(2)):
            similar = means.flatten(1) @ image.flatten(1).T
            largest = torch.maximum(largest, similar.fill_diagonal_(0).max(1).values)
    assert largest.max() < 0.985


def test_meta_train_and_meta_test_share_no_script_and_are_all():
    train, test = load_glyphs("meta-train"), load_glyphs("meta-test")
    assert set(train.scripts).isdisjoint(test.scripts)
    assert set(test.scripts) == set(META_TEST)
    assert set(train.names) | set(test.names) == set(load_glyphs().names)
    assert len(train.names) + len(test.names) == 1026
    assert len(test.names) > 300


def test_a_part_keeps_image_name_and_script_together():
    glyphs, part = load_glyphs(), load_glyphs().of("Runic", "Greek")
    assert part.scripts == ("Greek", "Runic")
    for name in ("GREEK CAPITAL LETTER PSI", part.names[-1]):
        i, j = glyphs.names.index(name), part.names.index(name)
        assert torch.equal(glyphs.images[i], part.images[j])
        assert glyphs.scripts[glyphs.script[i]] == part.scripts[part.script[j]]


def test_a_part_or_a_script_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"'test'.*meta-train"):
        load_glyphs("test")
    with pytest.raises(ValueError, match="Klingon.*Greek"):
        load_glyphs().of("Klingon")
    assert PARTS == ("all", "meta-train", "meta-test")


# episodes
def marked(characters=12, styles=7):
    """Images that say which character and style they are: float, constant 100·character + style."""
    return (100.0 * torch.arange(characters)[:, None] + torch.arange(styles))[:, :, None, None].expand(-1, -1, 4, 4)


def test_labels_belong_to_images_characters_differ_and_no_image_is_in_both_parts():
    episodes = FewShot(marked(), way=5, shot=2, query=3)(50, seed(0))
    xs, ys, xq, yq = episodes.check()
    assert (xs.shape, xq.shape) == ((50, 10, 1, 4, 4), (50, 15, 1, 4, 4))
    assert (ys.dtype, ys.shape, yq.shape) == (torch.int64, (50, 10), (50, 15))
    for s, a, q, b in zip(xs[..., 0, 0, 0].long(), ys, xq[..., 0, 0, 0].long(), yq, strict=True):
        characters = {}
        for image, label in zip([*s, *q], [*a, *b], strict=True):
            assert characters.setdefault(int(label), int(image) // 100) == int(image) // 100
        assert sorted(characters) == list(range(5))
        assert len(set(characters.values())) == 5
        assert len({int(i) for i in (*s, *q)}) == 25


def test_every_character_and_style_is_drawn_equally_often():
    episodes = FewShot(marked(), way=4, shot=1, query=1)(6000, seed(0))
    drawn = episodes.x_support[..., 0, 0, 0].long()
    for counts in ((drawn // 100).flatten().bincount(), (drawn % 100).flatten().bincount()):
        share = counts / counts.sum()
        assert (share * len(counts) - 1).abs().max() < 0.07


def test_a_seed_gives_the_same_episodes_and_support_images_are_never_augmented():
    tasks = FewShot(load_glyphs("meta-train").images, 5, 1, 3, Augment())
    first, again, plain = tasks(4, seed(1)), tasks(4, seed(1)), FewShot(tasks.images, 5, 1, 3)(4, seed(1))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert torch.equal(first.x_support, plain.x_support)
    assert not torch.equal(first.x_query, plain.x_query)
    assert first.x_support.unique().tolist() == [0, 1]
    assert 0 <= first.x_query.min()
    assert first.x_query.max() <= 1
    assert isinstance(first.check(), Episodes)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"way": 13}, "way = 13, and there are 12 characters"),
        ({"shot": 4, "query": 4}, "4 \\+ 4, and a character has 7 styles"),
        ({"shot": 0}, "shot.*≥ 1"),
        ({"query": 0}, "query.*≥ 1"),
        ({"way": 1}, "way.*≥ 2"),
        ({"way": 2.0}, "way.*2.0"),
    ],
)
def test_episodes_that_cannot_be_drawn_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        FewShot(marked(), **wrong)


def test_images_of_another_shape_or_type_are_refused():
    for images in (torch.zeros(5, 28, 28), torch.zeros(5, 9, 4, 4, dtype=torch.float64), [[1.0]]):
        with pytest.raises(TypeError, match=r"FewShot: images are .*\(characters, styles, height, width\)"):
            FewShot(images)
    with pytest.raises(ValueError, match="FewShot: count"):
        FewShot(marked(), 2)(0)


# augmentation
def test_quarter_turns_and_flips_are_the_eight_symmetries_of_the_square_each_as_often():
    image = torch.rand(1, 1, 6, 6, generator=seed(0))
    changed = Augment("quarter turns", flip=True, crop=0.0)(image.expand(4000, 1, 6, 6), seed(1))
    eight = torch.cat([i for k in range(4) for i in (image.rot90(k, (2, 3)), image.rot90(k, (2, 3)).flip(3))])
    distance = (changed[:, None] - eight[None, :, :]).abs().flatten(2).amax(2)
    assert distance.min(1).values.max() < 1e-5
    assert (distance.argmin(1).bincount(minlength=8) / 500 - 1).abs().max() < 0.15


def test_any_angle_turns_a_disc_into_itself_and_turns_evenly():
    r, c = torch.meshgrid(torch.linspace(-1, 1, 28), torch.linspace(-1, 1, 28), indexing="ij")
    disc = (-8 * (r**2 + c**2)).exp()[None, None].expand(200, 1, 28, 28)
    turned = Augment(flip=False, crop=0.0)(disc, seed(0))
    assert (turned - disc).abs().max() < 0.02
    dot = (-60 * ((r - 0.6) ** 2 + c**2)).exp()[None, None].expand(4000, 1, 28, 28)
    turned = Augment(flip=False, crop=0.0)(dot, seed(0)).flatten(1)
    x, y = (turned @ axis.flatten() / turned.sum(1) for axis in (c, r))
    assert ((x**2 + y**2).sqrt() - 0.6).abs().max() < 0.02
    quadrant = ((torch.atan2(y, x) / torch.pi + 1) * 4).long().clamp(max=7).bincount(minlength=8)
    assert (quadrant / 500 - 1).abs().max() < 0.15


def test_a_crop_is_a_window_inside_the_page_at_most_so_much_smaller():
    ramp = torch.linspace(-1, 1, 101)
    row = ramp[None, :].expand(101, 101)
    pages = torch.stack([row, row.T])[None].expand(500, 2, 101, 101)
    cropped = Augment("none", flip=False, crop=0.4)(pages, seed(0))
    # inner pixels 10 and 90 of 101: at the edge itself the paper outside is mixed in
    (left, right), (top, bottom) = (
        (part[..., 10], part[..., 90]) for part in (cropped[:, 0, 50], cropped[:, 1, :, 50])
    )
    side = (right - left) * 101 / 160
    torch.testing.assert_close(side, (bottom - top) * 101 / 160, atol=1e-4, rtol=0)
    side = side * 100 / 101  # the ramp goes from −1 to 1 over 100 pixels, the page over 101
    assert 0.6 < side.min() < 0.61
    assert 0.99 < side.max() <= 1.0001
    for centre in ((left + right) / 2, (top + bottom) / 2):
        place = centre * 100 / 101 / (1 - side)
        assert place.abs().max() < 1.01
        assert abs(float(place[side < 0.9].mean())) < 0.1
        assert abs(float(place[side < 0.9].std()) - 3**-0.5) < 0.05  # uniform in [−1, 1]


def test_no_turn_no_flip_no_crop_is_the_same_image():
    images = torch.rand(5, 1, 28, 28, generator=seed(0))
    torch.testing.assert_close(Augment("none", False, 0.0)(images, seed(0)), images, atol=1e-5, rtol=0)


def test_augmentations_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="turn = 'half'.*quarter turns"):
        Augment("half")
    for crop in (1.0, -0.1, float("nan")):
        with pytest.raises(ValueError, match="crop "):
            Augment(crop=crop)
    for images in (torch.zeros(5, 28, 28), torch.zeros(5, 1, 28, 27), torch.zeros(5, 1, 28, 28).byte()):
        with pytest.raises(ValueError, match="square images"):
            Augment()(images)
