"""What a destination over HTTP may say in the file, and how its mistakes are told."""

from pathlib import Path

import pytest

from storage.errors import BadInstallation
from storage.sync.registry import read_destinations

RIGHT = """
[[destination]]
name = "hub"
kind = "webhook"
agency = "north"
url = "https://hub.example/notes"
"""


def mistakes(tmp_path: Path, text: str) -> str:
    (tmp_path / "destinations.toml").write_text(text)
    with pytest.raises(BadInstallation) as refused:
        read_destinations(tmp_path / "destinations.toml")
    return str(refused.value)


def test_a_right_one_is_read(tmp_path: Path) -> None:
    (tmp_path / "destinations.toml").write_text(RIGHT)
    (one,) = read_destinations(tmp_path / "destinations.toml").destinations
    assert one.where() == "https://hub.example/notes"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://hub.example/", "http:// is for this machine alone"),
        ("https://user:hunter2@hub.example/", "secrets come from files"),
        ("https://hub.example/?key=hunter2", "secrets come from files"),
        ("https://10.0.0.9/", "list private ones under networks"),
        ("https://169.254.169.254/", "never allowed"),
        ("https://0x7f.1/", "names no host"),
        ("hub", "names no host"),
    ],
)
def test_a_wrong_address_is_told_by_its_field_and_without_its_secrets(url: str, told: str, tmp_path: Path) -> None:
    said = mistakes(tmp_path, RIGHT.replace("https://hub.example/notes", url))
    assert "destination 1: url: " in said
    assert told in said
    assert "hunter2" not in said


def test_networks_are_told_by_their_field_and_link_local_ones_help_nobody(tmp_path: Path) -> None:
    assert "networks: " in mistakes(tmp_path, RIGHT + 'networks = ["ten"]')
    private = RIGHT.replace("hub.example", "10.3.0.9") + 'networks = ["10.3.0.0/16"]'
    (tmp_path / "destinations.toml").write_text(private)
    assert read_destinations(tmp_path / "destinations.toml")
    local = RIGHT.replace("hub.example", "169.254.169.254") + 'networks = ["169.254.0.0/16"]'
    assert "never allowed" in mistakes(tmp_path, local)


def test_a_name_with_a_quote_is_refused_where_a_query_is_made_of_it(tmp_path: Path) -> None:
    text = RIGHT.replace("webhook", "request_tracker") + 'token_file = "/x"\nqueue = "A\' OR id > 0"'
    assert "queue: " in mistakes(tmp_path, text)
