import io
import json
import subprocess
import sys

import pytest

from houndstooth.commands import main
from houndstooth.commands.printed_answer import HEADER
from houndstooth.plugin.engines import open_engine
from tests.fakes import OUTFIT, FakeExtractor, OutfitExtractor
from tests.integration.test_service import catalogue, picture


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('catalogue')}/catalogue.db"
    engine = open_engine(url)
    engine.prepare()
    engine.write(catalogue())
    engine.refresh()
    engine.close()
    return url


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "query.png"
    path.write_bytes(picture("green", 12))
    return str(path)


@pytest.fixture
def run(url, capsys, monkeypatch):
    """The command in this process, on the catalogue: exit status, output, errors."""
    monkeypatch.setenv("HOUNDSTOOTH_ENGINE", url)

    def run(*arguments, extractor=None):
        status = main(["search", *arguments], extractor=extractor or FakeExtractor())
        return status, *capsys.readouterr()

    return run


def run_in_shell(*arguments, stdin=b""):
    return subprocess.run(
        [sys.executable, *arguments], input=stdin, capture_output=True, check=False, timeout=60
    )


def test_prints_a_table(run, image):
    status, output, errors = run(image, "--top", "3")
    assert (status, errors) == (0, "")
    lines = output.splitlines()
    assert lines[0] == "T-shirt (auto, 100%): Green"
    assert "relaxed: none · 3 hits in " in lines[1]
    assert lines[2].split() == [name for name in HEADER if name]
    first = ["1", "t-shirt-green-2", "1.000", "0.000", "0.000", "1", "green", "t-shirt", "20.00"]
    assert lines[3].split() == [*first, "Green"]
    assert len(lines) == 7
    cursor = lines[6].removeprefix("for more: --cursor ")
    _, more, _ = run(image, "--top", "2", "--cursor", cursor)
    _, whole, _ = run(image, "--top", "5")
    ids = [[line.split()[1] for line in text.splitlines()[3:]] for text in (output, more, whole)]
    assert ids[0][:3] + ids[1][:2] == ids[2][:5]


def test_a_query_is_json_or_a_file(run, image, tmp_path):
    text = '{"term": {"brand": "Puma"}}'
    file = tmp_path / "query.json"
    file.write_text(text)
    for query in (text, str(file)):
        status, _, errors = run(image, "--query", query)
        assert (status, "SQLite has no query language" in errors) == (2, True)
    for query, words in (
        ('{"script": {}}', "query.script: expected one of bool"),
        (str(tmp_path / "none.json"), "expected a query in JSON or its file"),
        (str(tmp_path), "expected a query in JSON or its file"),
    ):
        status, _, errors = run(image, "--query", query)
        assert status == 2 and words in errors and "Traceback" not in errors


def test_hits_are_sorted_by_a_fact_and_have_the_facts_asked_for(run, image):
    words = [image, "--json", "--top", "4", "--no-collapse", "--fields", "title, price"]
    words += ["--merge", "near-duplicates"]
    for order in ("asc", "desc"):
        status, output, _ = run(*words, "--sort", f"price:{order}")
        products = [hit["product"] for hit in json.loads(output)["hits"]]
        prices = [product["price"] for product in products]
        assert (status, prices) == (0, sorted(prices, reverse=order == "desc"))
        assert {name for product in products for name in product} == {"title", "price"}
    for more, expected in (
        (["--sort", "price"], "expected sort to be field:asc"),
        (["--fields", "title,,price", "--json"], "expected fields to be names"),
        (["--fields", "title"], "--fields chooses what --json prints"),
    ):
        status, _, errors = run(image, *more)
        assert (status, expected in errors) == (2, True)


def test_names_what_was_found_where_there_is_a_choice(run, image):
    _, output, _ = run(image, "--top", "1", extractor=OutfitExtractor(OUTFIT))
    assert output.splitlines()[2:5] == [
        "found top (93%): --box 0.3,0.15,0.4,0.35",
        "found trousers (90%): --box 0.32,0.5,0.36,0.45",
        "found over jacket (80%): --box 0.1,0.1,0.25,0.5",
    ]
    _, output, _ = run(image, extractor=OutfitExtractor(OUTFIT[:1]))
    assert "found" not in output


def test_prints_json(run, image):
    status, output, errors = run(
        image,
        *(
            "--category",
            "jeans",
            "--box",
            "0,0,0.5,0.5",
            "--top",
            "2",
            "--appearance-weight",
            "0.3",
        ),
        *("--filter", "brand=Birch", "--filter", "price:..20", "--json"),
    )
    assert (status, errors) == (0, "")
    answer = json.loads(output)
    assert answer["query"]["category"] == {
        "term": "jeans",
        "confidence": 1.0,
        "precision": 0.92,
        "source": "chosen",
    }
    assert answer["query"]["box"] == [0, 0, 0.5, 0.5]
    assert len(answer["hits"]) == 2
    assert {hit["product"]["price"] for hit in answer["hits"]} == {10.0}


def test_says_when_nothing_is_left(run, image):
    status, output, _ = run(image, "--filter", "brand=Cedar")
    assert status == 0
    assert len(output.splitlines()) == 2
    assert "0 hits" in output


def test_reads_standard_input(run, image, monkeypatch):
    class Input:
        buffer = io.BytesIO(picture("red", 1))

    monkeypatch.setattr(sys, "stdin", Input)
    status, output, _ = run("-", "--top", "1")
    assert status == 0
    assert "t-shirt-red-1" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--category", "tshirt"], "did you mean t-shirt"),
        (["--box", "0,0,2,2"], "expected a box"),
        (["--box", ""], "expected a box"),
        (["--filter", "brand"], "expected a filter"),
        (["--filter", "price=cheap"], "'cheap'"),
        (["--top", "0"], "expected top"),
        (["--top", "many"], "--top"),
        (["--appearance-weight", "2"], "expected an appearance_weight"),
        (["--engine", "mysql://host/db"], "expected an engine URL"),
    ],
)
def test_bad_input_is_status_2(run, image, arguments, message):
    status, output, errors = run(image, *arguments)
    assert (status, output) == (2, "")
    assert message in errors


@pytest.mark.parametrize("content", [None, b"", b"no image"])
def test_an_image_that_cannot_be_read_is_status_2(run, tmp_path, content):
    path = tmp_path / "query.png"
    if content is not None:
        path.write_bytes(content)
    status, output, errors = run(str(path))
    assert (status, output) == (2, "")
    assert "expected an image" in errors


def test_an_image_that_is_too_large_is_status_2(run, image, monkeypatch):
    monkeypatch.setenv("HOUNDSTOOTH_MAX_UPLOAD_BYTES", "20")
    status, _, errors = run(image)
    assert status == 2
    assert "at most 20 bytes" in errors


def test_a_setting_that_makes_no_sense_is_status_2(run, image, monkeypatch):
    monkeypatch.setenv("HOUNDSTOOTH_APPEARANCE_WEIGHT", "heavy")
    status, _, errors = run(image)
    assert status == 2
    assert "HOUNDSTOOTH_APPEARANCE_WEIGHT" in errors


def test_an_engine_that_is_away_is_status_1(run, image, tmp_path):
    status, output, errors = run(image, "--engine", f"sqlite:///{tmp_path}/none.db")
    assert (status, output) == (1, "")
    assert errors.startswith("error: ")


def test_help_in_a_shell_names_every_option():
    done = run_in_shell("-m", "houndstooth", "search", "--help")
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    for option in (
        "--category",
        "--box",
        "--filter",
        "--top",
        "--appearance-weight",
        "--engine",
        "--json",
    ):
        assert option in text
    assert "Exit status" in text


def test_bad_input_in_a_shell_has_no_traceback(tmp_path):
    done = run_in_shell("-m", "houndstooth", "search", str(tmp_path / "none.png"))
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: expected an image file")
    assert done.stderr.count(b"\n") == 1


def test_the_command_starts_without_networks():
    loads = "import houndstooth.commands.search, sys; sys.exit('onnxruntime' in sys.modules)"
    assert run_in_shell("-c", loads).returncode == 0


def test_several_pictures_of_one_item_are_asked_together(run, image, tmp_path):
    status, together, _ = run(image, image, "--top", "3", "--json")
    _, alone, _ = run(image, "--top", "3", "--json")
    assert status == 0
    assert json.loads(together)["hits"] == json.loads(alone)["hits"]
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"nothing")
    status, _, errors = run(image, str(bad))
    assert status == 2
    assert "picture 2: expected an image" in errors
