"""The generated tables: no drift, and the papers' own figures in them."""

import dataclasses
import re

import pytest

from ali_keras.architectures import ARCHITECTURES
from ali_keras.architectures.spec import Architecture
from ali_keras.architectures.spec import Row
from ali_keras.networks.builder import build_networks
from ali_keras.presets import PRESETS
from tests import programs
from tools import train
from tools.documents import architectures
from tools.documents import pages

PAGES = pages.generated_pages()
# As the authors' code builds them: Gz, Gx and D.
PARAMETERS = {
    "cifar10": (3_118_496, 981_152, 2_611_009),
    "svhn": (3_315_488, 1_767_584, 5_283_073),
    "celeba": (6_794_880, 11_811_392, 15_189_057),
    "tiny_imagenet": (7_812_352, 3_164_224, 32_985_793),
}


def cells(table):
    """Lines of a Markdown table, without its title, as tuples of cells."""
    lines = table.split("\n")[2:]
    return [tuple(cell.strip() for cell in x.split("|")[1:-1]) for x in lines]


def part(name):
    """What stands between the markers of a part, which another test checks."""
    text = "".join(page.read_text() for page in PAGES)
    return text.split(f"<!-- generated: {name} -->\n")[1].split("\n<!-- end")[0]


def section(name):
    """The tables of one architecture."""
    text = f"\n{part('architectures')}\n\n## "
    return text.split(f"\n## `{name}`\n\n")[1].split("\n\n## ")[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_are_as_the_code_is(page):
    text = page.read_text()
    assert pages.regenerated(text) == text


def test_every_part_is_on_some_page():
    text = "".join(page.read_text() for page in PAGES)
    shown = re.findall(r"<!-- generated: (\w+) -->", text)
    assert set(shown) == pages.PARTS.keys()
    assert text.count("<!-- end -->") == len(shown)


def test_every_architecture_and_preset_is_told_of():
    headings = re.findall(r"^## `(\w+)`$", part("architectures"), re.M)
    assert headings == list(ARCHITECTURES)
    assert [line[0] for line in cells(part("constants"))] == [
        f"`{name}`" for name in ARCHITECTURES
    ]
    assert [line[0] for line in cells(part("presets"))] == [
        f"`{name}`" for name in PRESETS
    ]


def test_every_table_of_an_architecture_is_told_of():
    fields = dataclasses.fields(Architecture)
    rows = [field.name for field in fields if field.type == tuple[Row, ...]]
    assert rows == list(architectures.TITLES)


def test_parameters_are_the_authors():
    counted = {line[-1]: line[3:6] for line in cells(part("parameters"))}
    for preset, counts in PARAMETERS.items():
        assert counted[f"`{preset}`"] == tuple(f"{n:,}" for n in counts)


def test_every_preset_s_networks_are_counted():
    named = [line[-1].split(", ") for line in cells(part("parameters"))]
    assert sorted(sum(named, [])) == sorted(f"`{name}`" for name in PRESETS)


@pytest.mark.slow
@pytest.mark.parametrize("preset", PARAMETERS)
def test_a_dry_run_prints_the_parameters(preset, capsys):
    flags = (f"--preset={preset}", "--dataset=not_there", "--dry_run")
    assert programs.start(train, *flags) == 0
    printed = capsys.readouterr().out
    names = ("encoder", "decoder", "discriminator")
    for name, count in zip(names, PARAMETERS[preset], strict=True):
        assert re.search(rf"^  {name} +{count:,}$", printed, re.MULTILINE)


def test_the_report_s_table_is_the_printed_one():
    assert part("report").split("\n")[0] == (
        "| Dataset | Epochs | z dimension | G learning rate | D learning rate |"
    )
    assert [
        (name, *map(float, values)) for name, *values in cells(part("report"))
    ] == [
        ("CelebA", 100, 256, 2e-4, 1e-4),
        ("MNIST", 100, 128, 2e-4, 1e-5),
        ("SVHN", 100, 256, 2e-4, 1e-4),
    ]


def test_the_decoder_of_cifar_10_is_the_paper_s():
    _, decoder = section("cifar10").split("\n\nGx: z to image\n\n")
    assert cells(decoder.split("\n\n")[0]) == [
        *(
            ("transposed", *row, "yes", "0", "leaky_relu", "–", size)
            for *row, size in (
                ("4", "1", "256", "4x4"),
                ("4", "2", "128", "10x10"),
                ("4", "1", "64", "13x13"),
                ("4", "2", "32", "28x28"),
                ("5", "1", "32", "32x32"),
                ("1", "1", "32", "32x32"),
            )
        ),
        ("conv", "1", "1", "channels", "no", "0", "sigmoid", "untied", "32x32"),
    ]


def test_columns_are_those_that_a_table_needs():
    title = "operation | kernel | strides | feature maps | batch norm"
    title += " | dropout | nonlinearity |"
    assert f"| {title} late dropout | output |" in section("cifar10")
    assert "late dropout" not in section("svhn")
    assert f"| {title} padding | output |" in section("report")
    assert f"| {title} bias | with z | output |" in section("bigan_mnist")


@pytest.mark.parametrize("name", ["report", "celeba", "tiny_imagenet"])
def test_outputs_have_the_built_networks_sizes(name):
    architecture = ARCHITECTURES[name]
    start = architecture.image_size
    names = {"encoder": start, "decoder": 1, "discriminator_x": start}
    built = build_networks(architecture, latent_dim=2, channels=1)
    for (table, size), network in zip(names.items(), built, strict=True):
        sizes = [
            layer.output.shape[1:3]
            for layer in network.layers
            if layer.name.startswith(f"{table}_") and hasattr(layer, "kernel")
        ]
        rows = getattr(architecture, table)
        for row, expected in zip(rows, sizes, strict=True):
            size = architectures.output_size(row, size)
            assert (size, size) == expected


@pytest.mark.parametrize(
    ("name", "dropout"),
    [("svhn", ", D without dropout"), ("bigan_mnist", "")],
)
def test_a_variant_is_one_line(name, dropout):
    assert section(f"{name}_fast") == (
        f"As `{name}`, initial weights after He et al. (2015), D with biases "
        f"instead of batch normalization{dropout}."
    )


def test_what_stands_between_the_markers_is_replaced(monkeypatch):
    monkeypatch.setitem(pages.PARTS, "x", lambda: "new\nlines")
    before = "Text.\n\n<!-- generated: x -->\nold\n<!-- end -->\n\nMore.\n"
    after = before.replace("old", "new\nlines")
    assert pages.regenerated(before) == after
    assert pages.regenerated(after) == after


def test_a_page_of_its_own_text_is_left_alone():
    assert pages.regenerated("Text.\n<!-- end -->\n") == "Text.\n<!-- end -->\n"
