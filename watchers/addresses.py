"""Which addresses may be fetched: one strict reading of a URL, and one list of what is not the public internet.

Invariants: every request of this package goes through a ``Gate``; a URL has exactly one meaning here (what two parsers could read
differently is refused, never repaired); the address that is connected to is the address that was judged. Nothing here looks up a name or
opens a socket.

``ipaddress.is_private`` and ``is_global`` are not used: their meaning changed between patch releases of Python (3.11.7 lets 32 of 73
special addresses through). The lists below are the IANA special-purpose registries, written out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, urljoin

from yarl import URL

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

MAX_URL = 4096  # characters; real feed addresses stay below 1,000, servers refuse request lines over 8,000
MAX_HOST = 253  # RFC 1035 §2.3.4
MAX_PORT = 65535
DEFAULT_PORTS = {"http": 80, "https": 443}
_FIRST_UNPRIVILEGED_PORT = 1024
# Services that listen above 1023, are never a feed, and obey whoever reaches them.
_SERVICE_PORTS = frozenset({2049, 3306, 3389, 5432, 5900, 6000, 6379, 9200, 11211, 27017})

_V4_SPECIAL = tuple(
    (IPv4Network(network), what)
    for network, what in (
        ("0.0.0.0/8", "an address of this host"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "a private address of a carrier"),
        ("127.0.0.0/8", "a loopback address"),
        ("168.63.129.16/32", "the host agent of a cloud"),  # Azure: public space, reaches the machine's own host
        ("169.254.0.0/16", "a link-local address"),  # cloud metadata lives here
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a reserved address"),
        ("192.0.2.0/24", "a documentation address"),
        ("192.88.99.0/24", "a relay address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "a benchmarking address"),
        ("198.51.100.0/24", "a documentation address"),
        ("203.0.113.0/24", "a documentation address"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
    )
)
_V6_SPECIAL = tuple(
    (IPv6Network(network), what)
    for network, what in (
        ("::/128", "an address of this host"),
        ("::1/128", "a loopback address"),
        ("64:ff9b:1::/48", "a private translation address"),
        ("100::/64", "a discard address"),
        ("100:0:0:1::/64", "a reserved address"),
        ("2001::/23", "a reserved or tunnel address"),  # Teredo (2001::/32) carries an IPv4 address in disguise
        ("2001:db8::/32", "a documentation address"),
        ("2002::/16", "a tunnel address"),  # 6to4: the relay would unwrap any IPv4 address
        ("3fff::/20", "a documentation address"),
        ("5f00::/16", "a reserved address"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a private address"),
        ("ff00::/8", "a multicast address"),
    )
)
_V6_GLOBAL = IPv6Network("2000::/3")  # the only space handed out for unicast
_V6_MAPPED = IPv6Network("::ffff:0:0/96")
_V6_NAT64 = IPv6Network("64:ff9b::/96")
_V4_BITS = 0xFFFFFFFF
_ISATAP = 0x00005EFE  # interface identifier [0200]:5efe:a.b.c.d, RFC 5214
_ISATAP_MASK = 0xFDFFFFFF  # less the universal/local bit

_SHAPE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)(/[^?#]*)?(?:\?([^#]*))?(?:#.*)?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# U+DC80 to U+DCFF stand for the raw bytes of a header; other halves of surrogate pairs stand for nothing.
_FORBIDDEN = re.compile("[\x00-\x20\x7f-\x9f\\\\\ud800-\udc7f\udd00-\udfff]")
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::([0-9]{1,5}))?")
_NAMED = re.compile(r"([^:\[\]]*)(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_QUAD = re.compile(r"(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})")
_MEND = "add its network to [fetch] allow_networks if it is yours"
_KEPT = "/?:@!$&'()*+,;=-._~%[]"  # what a path or query may hold as it stands


class AddressError(ValueError):
    """A URL or network that is not fetched from.

    ``fault`` is one sentence without a subject; ``mend`` is what the admin can do when the address is one of the admin's own. A
    redirect's target is a stranger's, so its error gives the fault alone.
    """

    def __init__(self, fault: str, mend: str = "") -> None:
        super().__init__(f"{fault}; {mend}" if mend else fault)
        self.fault = fault
        self.mend = mend


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A URL, read. ``host`` is lower-case ASCII without a trailing dot or brackets; ``ip`` is set when it is an address in itself."""

    scheme: str
    host: str
    port: int
    target: str  # path and query as they are sent
    ip: IPAddress | None = None

    @property
    def url(self) -> str:
        """The normalised spelling, which is the only one handed to the HTTP client."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"


def parse_address(url: str) -> Address:
    """Read a URL strictly.

    Refused is whatever two readers could take differently: control characters, spaces, backslashes, user names, percent signs in the
    host, numbers as a host that are no plain dotted quad (the C library reads ``0x7f.1`` and ``2130706433`` as 127.0.0.1), empty or
    over-long labels.

    Raises:
        AddressError: saying what is wrong, without repeating the URL (it may hold a password).
    """
    if len(url) > MAX_URL:
        raise AddressError(f"is an address of more than {MAX_URL} characters")
    if _FORBIDDEN.search(url):
        raise AddressError("holds a space, a backslash or a control character: write a space as %20")
    parts = _SHAPE.fullmatch(url)
    if parts is None:
        raise AddressError("is not a complete address: it starts with http:// or https://")
    scheme = parts[1].lower()
    if scheme not in DEFAULT_PORTS:
        raise AddressError("is neither an http nor an https address")
    host, port_digits, ip = _read_authority(parts[2])
    port = int(port_digits) if port_digits is not None else DEFAULT_PORTS[scheme]
    if not 0 < port <= MAX_PORT:
        raise AddressError("has a port that does not exist")
    query = "" if parts[4] is None else "?" + parts[4]
    # Raw bytes of a redirect's Location that are not UTF-8 arrive as surrogates and leave as the same bytes.
    target = quote((parts[3] or "/") + query, safe=_KEPT, errors="surrogateescape")
    return Address(scheme=scheme, host=host, port=port, target=target, ip=ip)


def join(base: Address, location: str) -> Address:
    """Where a redirect leads. A ``Location`` with a scheme of its own is absolute and read as strictly as a configured address.

    Raises:
        AddressError: it cannot be read.
    """
    if _FORBIDDEN.search(location):  # before urljoin, which silently drops tabs and newlines
        raise AddressError("holds a space, a backslash or a control character")
    try:
        joined = location if _SCHEME.match(location) else urljoin(base.url, location)
    except ValueError as error:  # "//[::1"
        raise AddressError("is not a complete address") from error
    return parse_address(joined)


def _read_authority(authority: str) -> tuple[str, str | None, IPAddress | None]:
    if "@" in authority:
        raise AddressError("holds a user name or a password, which is never sent: leave it out")
    if bracketed := _BRACKETED.fullmatch(authority):
        try:
            ip = IPv6Address(bracketed[1])
        except ValueError:
            raise AddressError("has a host in brackets that is no IPv6 address") from None
        return str(ip), bracketed[2], ip
    named = _NAMED.fullmatch(authority)
    if named is None:
        raise AddressError("has a host or a port that cannot be read")
    host, ip4 = _read_host(named[1])
    return host, named[2], ip4


def _read_host(raw: str) -> tuple[str, IPv4Address | None]:
    host = _to_ascii(raw).lower()
    if _QUAD.fullmatch(host):
        try:
            return host, IPv4Address(host)
        except ValueError:
            raise AddressError("has a number above 255 in its host") from None
    host = host.removesuffix(".")
    labels = host.split(".")
    if not host or len(host) > MAX_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise AddressError("has no host, or one that no name server could know")
    if not labels[-1][0].isalpha():  # no top-level domain starts with a digit; the C library takes such hosts for numbers
        raise AddressError("has a number for a host that is no plain address such as 192.0.2.1")
    return host, None


def _to_ascii(host: str) -> str:
    """Letters outside ASCII as ``xn--`` labels; full-width digits and dots become plain ones and are judged as such."""
    if host.isascii():
        return host
    try:
        return URL.build(scheme="http", host=host).raw_host or ""
    except ValueError:
        raise AddressError("has letters in its host that no name server could know") from None


def why_not_public(ip: IPAddress) -> str | None:
    """What kind of special address it is, in words; None for a public unicast address. IPv4 inside IPv6 is unwrapped and judged itself."""
    if isinstance(ip, IPv4Address):
        return next((what for network, what in _V4_SPECIAL if ip in network), None)
    if (inner := _embedded(ip)) is not None:
        return why_not_public(inner)
    for network, what in _V6_SPECIAL:
        if ip in network:
            return what
    if ip not in _V6_GLOBAL:
        return "an address of no known network"
    if (int(ip) >> 32) & _ISATAP_MASK == _ISATAP:
        return why_not_public(IPv4Address(int(ip) & _V4_BITS))
    return None


def _embedded(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to a mapped or NAT64 address end at."""
    return IPv4Address(int(ip) & _V4_BITS) if ip in _V6_MAPPED or ip in _V6_NAT64 else None


def parse_networks(networks: Iterable[str]) -> tuple[IPNetwork, ...]:
    """Read networks such as ``127.0.0.0/8``; a single address is a network of one.

    Raises:
        AddressError: naming the first that is no network.
    """
    read: list[IPNetwork] = []
    for network in networks:
        try:
            read.append(ip_network(network))
        except ValueError:
            raise AddressError(f"{network!r} is not a network: write it like 10.0.0.0/8, with zeros behind the prefix") from None
    return tuple(read)


class Gate:
    """Decides which hosts, ports and addresses may be reached. ``allow_networks`` are private networks whose servers are one's own."""

    def __init__(self, allow_networks: Sequence[str] = ()) -> None:
        self._own = parse_networks(allow_networks)

    @property
    def allows_private(self) -> bool:
        """Whether any private network may be reached at all."""
        return bool(self._own)

    def admit(self, address: Address) -> Address:
        """Judge what can be judged before a name is looked up.

        Raises:
            AddressError: it is refused whatever its name may resolve to.
        """
        if address.ip is not None:
            self.judge(address.host, address.port, [address.ip])
        elif not self._own and (why := _suspect(address.host, address.port)):
            raise why
        return address

    def judge(self, host: str, port: int, ips: Sequence[IPAddress]) -> None:
        """Judge every address a host resolved to; one bad answer among good ones refuses them all (that is how rebinding looks).

        Hosts and ports that are refused on the internet are those of local services, so they pass only towards networks of one's own.

        Raises:
            AddressError: the host is not fetched from.
        """
        for ip in ips:
            if self.is_own(ip):
                continue
            if (what := why_not_public(ip)) is not None:
                raise AddressError(f"is not fetched: {_shown(host, ip)} is {what}, not a public one", _MEND)
            if why := _suspect(host, port):
                raise why

    def is_own(self, ip: IPAddress) -> bool:
        """Whether an address lies in a network of one's own, also when it is wrapped into IPv6."""
        inner = _embedded(ip) if isinstance(ip, IPv6Address) else None
        return any(candidate in network for candidate in (ip, inner) if candidate is not None for network in self._own)


def to_ip(text: str) -> IPAddress:
    """The address of a resolver's answer; a zone (``fe80::1%eth0``) does not change what it is."""
    return ip_address(text.partition("%")[0])


def _suspect(host: str, port: int) -> AddressError | None:
    if port not in DEFAULT_PORTS.values() and (port < _FIRST_UNPRIVILEGED_PORT or port in _SERVICE_PORTS):
        return AddressError(f"is not fetched: port {port} belongs to a service that publishes no feeds", _MEND)
    if not ("." in host or ":" in host) or host.endswith(".localhost"):
        return AddressError(f"is not fetched: {host} is a name of a local network, not of the internet", _MEND)
    return None


def _shown(host: str, ip: IPAddress) -> str:
    return host if host == str(ip) else f"{host} ({ip})"
