"""Which URLs and addresses are let through, and how they are read."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from watchers.addresses import MAX_URL, AddressError, Gate, join, parse_address, parse_networks, to_ip, why_not_public

SPECIAL = (
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:192.168.1.1",
    "::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "100::1",
    "100:0:0:1::1",
    "2001:0:53aa:64c:0:0:80ff:fffe",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff0e::1",
    "1::1",
    "4000::1",
    "2a00::5efe:7f00:1",
    "2a00::200:5efe:a00:1",
)
PUBLIC = (
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.1",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "192.169.0.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "168.63.129.15",
    "2606:4700:4700::1111",
    "2a00:1450:4009:80b::200e",
    "::ffff:93.184.216.34",
    "64:ff9b::5db8:d822",
    "2a00::5efe:5db8:d822",
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://Example.ORG", "https://example.org/"),
        ("https://example.org.:443/feed", "https://example.org/feed"),
        ("http://example.org:80/a?b=c#d", "http://example.org/a?b=c"),
        ("http://example.org:8443/rss", "http://example.org:8443/rss"),
        ("HTTP://example.org?q", "http://example.org/?q"),
        ("http://example.org/a%20b", "http://example.org/a%20b"),
        ("http://example.org/مناقصة", "http://example.org/%D9%85%D9%86%D8%A7%D9%82%D8%B5%D8%A9"),
        ("http://example.org/{a}|<b>", "http://example.org/%7Ba%7D%7C%3Cb%3E"),
        ("http://bücher.example.org/", "http://xn--bcher-kva.example.org/"),
        ("http://under_score.example.org/", "http://under_score.example.org/"),
        ("http://[2A00:1450:0::e]:8080/x", "http://[2a00:1450::e]:8080/x"),
        ("http://example.org#@127.0.0.1/", "http://example.org/"),
        ("https://example.org/feed?url=http://127.0.0.1/", "https://example.org/feed?url=http://127.0.0.1/"),
    ],
)
def test_a_url_is_read_into_its_one_normal_spelling(written: str, read: str) -> None:
    assert parse_address(written).url == read


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("example.org/feed", "not a complete address"),
        ("//example.org/feed", "not a complete address"),
        ("http:example.org", "not a complete address"),
        ("file:///etc/passwd", "neither an http nor an https"),
        ("ftp://example.org/", "neither an http nor an https"),
        ("javascript:alert(1)", "not a complete address"),
        ("http://user:secret@example.org/", "user name or a password"),
        ("http://example.org\\@127.0.0.1/", "backslash"),
        ("http://example.org/a b", "space"),
        (" http://example.org/", "space"),
        ("http://exam\tple.org/", "control character"),
        ("http://example.org/\r\nX: y", "control character"),
        ("http://example.org/\ud800", "control character"),
        ("http://", "no host"),
        ("http:///feed", "no host"),
        ("http://exa..mple.org/", "no host"),
        ("http://127.0.0.1%00/", "no host"),
        ("http://-x.example.org/", "no host"),
        (f"http://{'a' * 64}.example.org/", "no host"),
        (f"http://{'a.' * 130}org/", "no host"),
        ("http://2130706433/", "a number for a host"),
        ("http://0x7f.1/", "a number for a host"),
        ("http://0177.0.0.1/", "a number for a host"),
        ("http://127.0.0.1./", "a number for a host"),
        ("http://127.000.000.001/", "a number for a host"),
        ("http://256.1.1.1/", "a number above 255"),
        ("http://example.org:0/", "a port that does not exist"),
        ("http://example.org:65536/", "a port that does not exist"),
        ("http://example.org:8a/", "cannot be read"),
        ("http://example.org:/", "cannot be read"),
        ("http://::1/", "cannot be read"),
        ("http://[::1", "cannot be read"),
        ("http://[127.0.0.1]/", "no IPv6 address"),
        ("http://[fe80::1%eth0]/", "cannot be read"),
        ("http://exa\u2028mple\uff20x.org/", "no name server"),
        ("http://\ufffd.org/", "no name server"),
        ("http://example.org/" + "a" * MAX_URL, "more than"),
    ],
)
def test_what_two_readers_could_take_differently_is_refused_with_a_sentence(written: str, fault: str) -> None:
    with pytest.raises(AddressError) as refused:
        parse_address(written)

    assert fault in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "host", ["\uff11\uff12\uff17.\uff10.\uff10.\uff11", "127\u30020\u30020\u30021", "\u00b9\u00b2\u2077.\u2070.\u2070.\u00b9"]
)
def test_digits_from_elsewhere_in_unicode_are_judged_as_the_digits_they_become(host: str) -> None:
    assert parse_address(f"http://{host}/").ip == ip_address("127.0.0.1")


@given(st.text(max_size=60) | st.from_regex(r"https?://[a-z0-9.\[\]:@%\\-]{1,30}(/[!-~]{0,20})?", fullmatch=True))
def test_whatever_is_accepted_is_read_the_same_by_every_parser(text: str) -> None:
    try:
        address = parse_address(text)
    except AddressError:
        return

    assert parse_address(address.url) == address
    assert urlsplit(address.url).hostname == address.host == URL(address.url, encoded=True).raw_host
    assert URL(address.url, encoded=True).port == address.port


@pytest.mark.parametrize(
    ("location", "leads"),
    [
        ("/new", "https://example.org/new"),
        ("new?x=1", "https://example.org/old/new?x=1"),
        ("?page=2", "https://example.org/old/feed?page=2"),
        ("//other.example/feed", "https://other.example/feed"),
        ("http://other.example/feed", "http://other.example/feed"),
        ("/caf\udcc3\udca9", "https://example.org/caf%C3%A9"),
        ("/caf\udce9", "https://example.org/caf%E9"),
    ],
)
def test_a_redirect_is_read_relative_to_where_it_came_from(location: str, leads: str) -> None:
    assert join(parse_address("https://example.org/old/feed"), location).url == leads


@pytest.mark.parametrize(
    "location",
    ["http:127.0.0.1", "ht\ttp://127.0.0.1/", "http://[::1", "//[::1", "//[2606:zz::1]/", "data:text/xml,x", "\\\\127.0.0.1\\"],
)
def test_a_redirect_that_cannot_be_read_is_refused(location: str) -> None:
    with pytest.raises(AddressError):
        join(parse_address("http://example.org/"), location)


@pytest.mark.parametrize(
    "text",
    SPECIAL,
)
def test_a_special_address_is_no_public_one(text: str) -> None:
    assert why_not_public(to_ip(text))


@pytest.mark.parametrize(
    "text",
    PUBLIC,
)
def test_a_public_address_is_let_through(text: str) -> None:
    assert why_not_public(to_ip(text)) is None


@pytest.mark.parametrize("port", [21, 22, 25, 111, 445, 1023, 3306, 5432, 6379, 9200, 11211, 27017])
def test_ports_of_services_that_publish_no_feeds_are_refused(port: int) -> None:
    with pytest.raises(AddressError, match=f"port {port}"):
        Gate().admit(parse_address(f"http://example.org:{port}/"))


@pytest.mark.parametrize("port", [80, 443, 1024, 8080, 8443, 65535])
def test_ports_of_the_web_are_let_through(port: int) -> None:
    assert Gate().admit(parse_address(f"http://example.org:{port}/")).port == port


@pytest.mark.parametrize("host", ["localhost", "db", "a.localhost", "metadata"])
def test_names_of_the_local_network_are_refused_without_a_look_up(host: str) -> None:
    with pytest.raises(AddressError, match=r"a name of a local network.*allow_networks"):
        Gate().admit(parse_address(f"http://{host}/"))


def test_a_private_address_is_refused_with_the_setting_that_allows_it() -> None:
    with pytest.raises(AddressError) as refused:
        Gate().admit(parse_address("http://192.168.1.1/feed"))

    assert str(refused.value) == (
        "is not fetched: 192.168.1.1 is a private address, not a public one; add its network to [fetch] allow_networks if it is yours"
    )


def test_one_private_answer_among_public_ones_refuses_the_name() -> None:
    with pytest.raises(AddressError, match=r"example.org \(10.0.0.1\) is a private address"):
        Gate().judge("example.org", 443, [to_ip("93.184.216.34"), to_ip("10.0.0.1")])


@pytest.mark.parametrize("url", ["http://127.0.0.1:25/", "http://127.0.0.1:6379/", "http://[::ffff:127.0.0.1]/"])
def test_an_allowed_network_is_let_through_on_any_port(url: str) -> None:
    gate = Gate(["127.0.0.0/8"])

    assert gate.admit(parse_address(url)).ip is not None


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://[::1]/", "http://1.1.1.1:25/"])
def test_allowing_one_network_allows_no_other(url: str) -> None:
    with pytest.raises(AddressError):
        Gate(["127.0.0.0/8"]).admit(parse_address(url))


def test_a_local_name_or_a_service_port_passes_only_towards_an_allowed_network() -> None:
    gate = Gate(["10.0.0.0/8"])
    gate.admit(parse_address("http://intranet:25/"))

    gate.judge("intranet", 25, [to_ip("10.0.0.9")])
    with pytest.raises(AddressError, match="port 25"):
        gate.judge("intranet", 25, [to_ip("93.184.216.34")])
    with pytest.raises(AddressError, match="local network"):
        gate.judge("intranet", 80, [to_ip("93.184.216.34")])


@pytest.mark.parametrize("network", ["10.0.0.1/8", "10.0.0.0/33", "ten", ""])
def test_a_network_that_is_none_is_named(network: str) -> None:
    with pytest.raises(AddressError, match="is not a network"):
        parse_networks(["127.0.0.0/8", network])
