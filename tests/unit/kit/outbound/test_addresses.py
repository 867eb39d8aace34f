"""Which addresses may be called, and how they may be written (S6, S11; decision 0047)."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.kit.outbound.addresses import Policy, is_public, private_ranges, target_of
from enghub.kit.outbound.errors import OutboundRefused

WEB = Policy(plain_http=True)
LOCAL = Policy(plain_http=True, loopback=True)
FACTORY = Policy(private=private_ranges(["10.20.0.0/16", "fd12:3456::/32", "100.64.0.0/10"]), plain_http=True)

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.88.99.1",
    "198.18.0.1",
    "192.0.2.1",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "2606:2800::1%eth0",
    "fd00::1",
    "fec0::1",
    "ff02::1",
    "fd00:ec2::254",
    "::ffff:10.0.0.1",
    "::ffff:93.184.215.14",
    "::127.0.0.1",
    "::a9fe:a9fe",
    "::ffff:0:127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "2002:a00:1::",
    "2002:5db8:d70e::",
    "2001:0:1::",
    "2001:db8::1",
    "3fff::1",
    "100::1",
    "5f00::1",
]
"""The last blocks: IPv4 inside IPv6 in every way there is, whatever it carries; documentation; discard; SRv6."""


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_the_internets_is_no_target(address: str) -> None:
    assert not is_public(address)
    assert not WEB.allows(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "2a00:1450::1"])
def test_a_public_address_is_a_target(address: str) -> None:
    assert is_public(address)
    assert WEB.allows(address)


@given(st.ip_addresses(v=6))
def test_a_public_ipv6_address_begins_with_001(address: ipaddress.IPv6Address) -> None:
    if is_public(str(address)):
        assert int(address) >> 125 == 1
        assert address.sixtofour is None
        assert address.teredo is None


@given(st.ip_addresses(v=4, network="0.0.0.0/0"))
def test_no_way_to_carry_an_ipv4_address_leads_past_the_rule(inside: ipaddress.IPv4Address) -> None:
    for prefix in ("::", "::ffff:", "::ffff:0:", "64:ff9b::"):
        assert not LOCAL.allows(f"{prefix}{inside}") or f"{prefix}{inside}" == "::0.0.0.1"
    assert not LOCAL.allows(str(ipaddress.IPv6Address(0x2002 << 112 | int(inside) << 80)))


@given(st.ip_addresses())
def test_an_owners_list_adds_its_own_ranges_and_nothing_else(address: ipaddress.IPv4Address) -> None:
    added = FACTORY.allows(str(address)) and not WEB.allows(str(address))
    listed = [ipaddress.ip_network(n) for n in ("10.20.0.0/16", "fd12:3456::/32", "100.64.0.0/10")]
    if added:
        assert any(address.version == n.version and address in n for n in listed)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "169.254.169.254", "fe80::1", "100.100.100.200", "10.21.0.1"])
def test_loopback_link_local_and_metadata_are_on_nobodys_list(address: str) -> None:
    assert not FACTORY.allows(address)


def test_only_the_local_stage_reaches_its_own_machine() -> None:
    assert LOCAL.allows("127.0.0.1")
    assert LOCAL.allows("::1")
    assert not LOCAL.allows("169.254.169.254")
    assert not LOCAL.allows("10.0.0.1")


@pytest.mark.parametrize(
    "text",
    ["0.0.0.0/0", "127.0.0.0/8", "169.254.0.0/16", "8.8.8.0/24", "10.0.0.0/7", "::/0", "fe80::/10", "x", "10.0.0.1/8"],
)
def test_a_list_of_other_than_private_ranges_is_refused(text: str) -> None:
    with pytest.raises(OutboundRefused, match="private addresses"):
        private_ranges([text])


@pytest.mark.parametrize(
    "url",
    [
        "https://user:pass@h.com/",
        "https://user@h.com",
        "https:///x",
        "ftp://h.com",
        "h.com",
        "",
        "https://h.com:0/",
        "https://h.com:99999/",
        "https://h.com\\@10.0.0.1/",
        "https://h.com/a b",
        "https://h.com/\r\nX: y",
        "https://h\u3002com/",
        "https://[fe80::1%25eth0]/",
        "https://[::1",
        "https://-h.com/",
        "https://h..com/",
        "https://" + "a" * 64 + ".com/",
        "https://h.com/" + "a" * 2000,
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(OutboundRefused):
        target_of(url, LOCAL)


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "10.1", "0x7f.1", "1.2.3.4.5", "h.1"]
)
def test_a_number_must_be_written_in_full(host: str) -> None:
    with pytest.raises(OutboundRefused, match="in full"):
        target_of(f"http://{host}/", LOCAL)


@given(st.ip_addresses(v=4))
def test_a_literal_address_obeys_the_policy_before_anything_is_connected(address: ipaddress.IPv4Address) -> None:
    if WEB.allows(str(address)):
        assert target_of(f"https://{address}/", WEB).host == str(address)
    else:
        with pytest.raises(OutboundRefused, match="neither public nor allowed"):
            target_of(f"https://{address}/", WEB)


def test_https_is_asked_for_where_the_policy_says_so() -> None:
    with pytest.raises(OutboundRefused, match="https"):
        target_of("http://h.com/", Policy())


def test_a_target_says_where_to_connect_and_what_to_ask_for() -> None:
    found = target_of("https://H.com:8443/in?a=1#part", WEB)
    assert (found.host, found.port, found.path, found.authority) == ("h.com", 8443, "/in?a=1", "h.com:8443")
    assert target_of("https://h.com:443", WEB).authority == "h.com"
    assert target_of("http://[2606:2800::1]:81/", WEB).authority == "[2606:2800::1]:81"
