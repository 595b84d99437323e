import re

import pytest

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.plugin import config
from houndstooth.plugin.access import Access
from houndstooth.plugin.config import Settings
from houndstooth.plugin.credentials import Credentials


def test_defaults_where_nothing_is_set():
    assert Settings.from_env({}) == Settings()
    assert Settings.from_env({"HOUNDSTOOTH_ENGINE": " "}) == Settings()
    assert Settings().engine == "sqlite:///var/catalogue.db"


def test_reads_every_variable(tmp_path):
    taxonomy = tmp_path / "taxonomy.json"
    taxonomy.write_text("{}")
    environ = {
        "HOUNDSTOOTH_ENGINE": "opensearch://127.0.0.1:9200/shop",
        "HOUNDSTOOTH_TAXONOMY": str(taxonomy),
        "HOUNDSTOOTH_MODEL": str(taxonomy),
        "HOUNDSTOOTH_DETECTOR": str(taxonomy),
        "HOUNDSTOOTH_IMAGES": str(tmp_path),
        "HOUNDSTOOTH_REDIS": "redis://127.0.0.1:6379/3",
        "HOUNDSTOOTH_IMAGE_HOSTS": "images.internal, CDN.internal,",
        "HOUNDSTOOTH_FIELDS": "title, price,",
        "HOUNDSTOOTH_VARIANT_FIELD": "parent.sku",
        "HOUNDSTOOTH_CANDIDATES": "250",
        "HOUNDSTOOTH_APPEARANCE_WEIGHT": "0.25",
        "HOUNDSTOOTH_ATTRIBUTE_WEIGHT": "0",
        "HOUNDSTOOTH_MAX_UPLOAD_BYTES": "1000",
        "HOUNDSTOOTH_MAX_PIXELS": "2000",
    }
    assert Settings.from_env(environ) == Settings(
        engine="opensearch://127.0.0.1:9200/shop",
        taxonomy=taxonomy,
        model=taxonomy,
        detector=taxonomy,
        images=tmp_path,
        redis="redis://127.0.0.1:6379/3",
        image_hosts=frozenset({"images.internal", "cdn.internal"}),
        fields=frozenset({"title", "price"}),
        variant_field="parent.sku",
        candidates=250,
        appearance_weight=0.25,
        attribute_weight=0.0,
        max_upload_bytes=1000,
        max_pixels=2000,
    )


def test_every_setting_has_a_variable_that_the_docstring_explains():
    variables = list(config.read_variables({}))
    groups = (Settings, Credentials, Access)
    fields = {name for group in groups for name in group.__dataclass_fields__}
    assert {variable.field for variable in variables} == fields - {"credentials", "access"}
    for variable in variables:
        assert re.search(rf"^{variable.name} ", str(config.__doc__), flags=re.MULTILINE)


def test_credentials_have_variables(tmp_path):
    (tmp_path / "pem").write_text("")
    environ = {
        "HOUNDSTOOTH_ENGINE_USER": "me",
        "HOUNDSTOOTH_ENGINE_PASSWORD": "pass word",
        "HOUNDSTOOTH_ENGINE_API_KEY": "QUJDRA==",
        "HOUNDSTOOTH_ENGINE_CA": str(tmp_path / "pem"),
        "HOUNDSTOOTH_ENGINE_CERTIFICATE": str(tmp_path / "pem"),
        "HOUNDSTOOTH_ENGINE_KEY": str(tmp_path / "pem"),
        "HOUNDSTOOTH_ENGINE_AWS_REGION": "eu-west-1",
        "HOUNDSTOOTH_ENGINE_AWS_SERVICE": "aoss",
    }
    pem = tmp_path / "pem"
    expected = Credentials("me", "pass word", "QUJDRA==", pem, pem, pem, "eu-west-1", "aoss")
    assert Settings.from_env(environ) == Settings(credentials=expected)


@pytest.mark.parametrize("name", ["PASSWORD", "API_KEY"])
def test_a_secret_comes_from_a_file(tmp_path, name):
    variable, file = f"HOUNDSTOOTH_ENGINE_{name}", tmp_path / "secret"
    file.write_text("geheim\n")
    settings = Settings.from_env({f"{variable}_FILE": str(file)})
    assert getattr(settings.credentials, name.lower()) == "geheim"
    with pytest.raises(InvalidConfig, match=f"^{variable}: expected this or {variable}_FILE"):
        Settings.from_env({f"{variable}_FILE": str(file), variable: "geheim"})
    for text in (b"", b" \n", b"\xff"):
        file.write_bytes(text)
        with pytest.raises(InvalidConfig, match=f"^{variable}: expected a file of text in "):
            Settings.from_env({f"{variable}_FILE": str(file)})
    with pytest.raises(InvalidConfig, match=f"got '{tmp_path}/none'"):
        Settings.from_env({f"{variable}_FILE": f"{tmp_path}/none"})


def test_what_is_no_setting_is_logged_with_the_nearest_name(caplog):
    environ = {
        "HOUNDSTOOTH_ENGIN": "sqlite:///none.db",
        "HOUNDSTOOTH_ENGINE_PASWORD_FILE": "/secret",
        "HOUNDSTOOTH_QUITE_ANOTHER": "geheim",
        "HOUNDSTOOTH_TEST_OPENSEARCH": "127.0.0.1:9200",
        "HOUNDSTOOTH_ENGINE_API_KEY_FILE": "",
        "houndstooth_engine": "",
        "PATH": "",
    }
    assert Settings.from_env(environ) == Settings()
    assert [record.getMessage() for record in caplog.records] == [
        "HOUNDSTOOTH_ENGIN is no setting; did you mean HOUNDSTOOTH_ENGINE?",
        "HOUNDSTOOTH_ENGINE_PASWORD_FILE is no setting; did you mean "
        "HOUNDSTOOTH_ENGINE_PASSWORD_FILE?",
        "HOUNDSTOOTH_QUITE_ANOTHER is no setting",
    ]


def test_secrets_are_represented_nowhere():
    environ = {"HOUNDSTOOTH_ENGINE_PASSWORD": "geheim", "HOUNDSTOOTH_ENGINE_API_KEY": "geheim"}
    settings = Settings.from_env(environ)
    assert settings.credentials.password == settings.credentials.api_key == "geheim"
    assert "geheim" not in f"{settings!r} {list(config.read_variables(environ))!r}"
    with pytest.raises(InvalidConfig, match=r"^HOUNDSTOOTH_ENGINE_API_KEY: ") as caught:
        Settings.from_env({"HOUNDSTOOTH_ENGINE_API_KEY": "id:geheim"})
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("ENGINE", "catalogue.db", "expected a URL"),
        ("TAXONOMY", "/nowhere/taxonomy.json", "path of a file"),
        ("MODEL", "/nowhere/mine-1.json", "path of a network's card"),
        ("MODEL", __file__, "path of a network's card"),
        ("IMAGES", "/nowhere", "path of a folder"),
        ("REDIS", "127.0.0.1", "expected a URL"),
        ("REDIS", "http://127.0.0.1", "such as redis://"),
        ("REDIS", "redis://127.0.0.1:6379/abc", "such as redis://"),
        ("REDIS", "redis:///0", "such as redis://"),
        ("IMAGE_HOSTS", "*.internal", "expected host names"),
        ("IMAGE_HOSTS", "http://images.internal", "expected host names"),
        ("VARIANT_FIELD", "maker..style", "name of one field"),
        ("VARIANT_FIELD", '"group"', "name of one field"),
        ("CANDIDATES", "0", "from 1 to 10000"),
        ("CANDIDATES", "1e3", "from 1 to 10000"),
        ("CANDIDATES", "0" * 19 + "1" + "9" * 9, "from 1 to 10000"),
        ("CANDIDATES", "9" * 5000, "from 1 to 10000"),
        ("APPEARANCE_WEIGHT", "1.5", "from 0 to 1"),
        ("APPEARANCE_WEIGHT", "nan", "from 0 to 1"),
        ("APPEARANCE_WEIGHT", "half", "from 0 to 1"),
        ("ATTRIBUTE_WEIGHT", "-0.1", "from 0 to 1"),
        ("MAX_UPLOAD_BYTES", "12MB", "whole number"),
        ("MAX_PIXELS", "-1", "whole number"),
        ("ENGINE_CA", "/nowhere", "path of a file"),
        ("ENGINE_AWS_REGION", "Ireland", "a region of AWS"),
        ("ENGINE_AWS_SERVICE", "s3", "es or aoss"),
    ],
)
def test_refuses_and_names_the_variable(variable, text, expected):
    name = f"HOUNDSTOOTH_{variable}"
    with pytest.raises(InvalidConfig, match=f"^{name}: .*{expected}.*; got"):
        Settings.from_env({name: text})


@pytest.mark.parametrize(
    "url",
    [
        "opensearch://me:secret@h1:9200/shop",
        "opensearchs://me:secret@h1:9200,h2:9200,h3/shop",
        "opensearch://me:secret@h1,me:secret@h2/shop",
    ],
)
def test_passwords_are_hidden_whatever_the_hosts(url):
    hidden = config.hide_password(url)
    assert "secret" not in hidden and "me" not in hidden
    assert hidden.endswith("/shop") and "//…@h" in hidden
