"""Captures as tcpdump, Wireshark and others write them: every kind of file, link and cut comes back."""

import io
import struct
from functools import cache
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

import lizip
from lizip.logs import find_log
from lizip.simulator import packets

dpkt = pytest.importorskip("dpkt")

SOURCE, TARGET = b"\xc0\xa8\1\xc9", b"\xc0\xa8\1\1"


def parts_of(data: bytes) -> list:
    return [part for span in find_log(memoryview(data)).spans for part in span.parts]


def payloads(seed: int = 1, firings: int = 720) -> list[bytes]:
    """Packets of an HDL-32E."""
    capture = packets.velodyne(seed, 32, firings)
    size = 16 + 42 + 1206
    return [capture[at + 58 : at + size] for at in range(24, len(capture), size)]


def datagrams(payload: bytes, number: int, most: int = 65535) -> list[bytes]:
    """IP packets, fragments where the datagram is too long."""
    udp = bytes(dpkt.udp.UDP(sport=2368, dport=2368, ulen=8 + len(payload), data=payload))
    step = most // 8 * 8
    made = []
    for at in range(0, len(udp), step):
        more = at + step < len(udp)
        ip = dpkt.ip.IP(src=SOURCE, dst=TARGET, p=17, id=number & 0xFFFF, data=udp[at : at + step])
        ip._flags_offset = more << 13 | at // 8
        ip.len = len(ip)
        made.append(bytes(ip))
    return made


LINKS = {
    "ethernet": (1, lambda ip: b"\xff" * 6 + b"\x60\x76\x88\0\0\1\x08\0" + ip),
    "vlan": (1, lambda ip: b"\xff" * 6 + b"\x60\x76\x88\0\0\1\x81\0\0\5\x08\0" + ip),
    "cooked": (113, lambda ip: b"\0\0\0\1\0\6\x60\x76\x88\0\0\1\0\0\x08\0" + ip),
    "cooked 2": (276, lambda ip: b"\x08\0\0\0\0\0\0\2\0\1\0\6\x60\x76\x88\0\0\1\0\0" + ip),
    "raw": (101, lambda ip: ip),
    "loopback": (0, lambda ip: b"\2\0\0\0" + ip),
}


def pcap(frames: list[bytes], link: int = 1, snaplen: int = 65535, nano: bool = False) -> bytes:
    file = io.BytesIO()
    writer = dpkt.pcap.Writer(file, snaplen=snaplen, linktype=link, nano=nano)
    for i, frame in enumerate(frames):
        writer.writepkt(frame[:snaplen], 1.7e9 + i / 1000)
    return file.getvalue()


def big_endian(capture: bytes) -> bytes:
    """The same capture written on a big-endian machine."""
    out = [struct.pack(">IHHiIII", *struct.unpack_from("<IHHiIII", capture, 0))]
    at = 24
    while at < len(capture):
        head = struct.unpack_from("<IIII", capture, at)
        out += [struct.pack(">IIII", *head), capture[at + 16 : at + 16 + head[2]]]
        at += 16 + head[2]
    return b"".join(out)


def found(data: bytes) -> int:
    """Bytes of a capture that are packets of a known sensor; the capture comes back."""
    assert lizip.decompress(lizip.compress(data, level="fast")) == data
    parts = parts_of(data)
    assert b"".join(part.data for part in parts) == data
    return sum(len(part.data) for part in parts if part.stream)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("form", ["pcap", "nanoseconds", "big-endian"])
def test_links_and_kinds_of_files(link, form):
    number, around = LINKS[link]
    frames = [around(ip) for i, payload in enumerate(payloads()) for ip in datagrams(payload, i)]
    data = pcap(frames, number, nano=form == "nanoseconds")
    data = big_endian(data) if form == "big-endian" else data
    assert found(data) == len(data) - 24


@pytest.mark.parametrize("profile", ["", "dual"])
def test_fragments_are_put_together(profile):
    """Ouster's packets are longer than what Ethernet carries; those that lost a fragment are rest."""
    capture = packets.ouster(1, 64, 1024, profile)
    size = len(capture[24:]) // 64
    whole = [capture[24 + size * i + 58 : 24 + size * (i + 1)] for i in range(64)]
    frames = [LINKS["ethernet"][1](ip) for i, payload in enumerate(whole) for ip in datagrams(payload, i, 1480)]
    assert found(pcap(frames)) > 0.95 * sum(map(len, whole))
    lost = frames[:3] + frames[4:]
    assert 0.9 * sum(map(len, whole)) < found(pcap(lost)) < sum(map(len, whole[:-1])) + 64 * 58


def test_frames_cut_by_the_snap_length_are_rest():
    frames = [LINKS["ethernet"][1](ip) for i, payload in enumerate(payloads()) for ip in datagrams(payload, i)]
    assert found(pcap(frames, snaplen=600)) == 0
    mixed = [frame[:600] if i % 5 == 0 else frame for i, frame in enumerate(frames)]
    assert found(pcap(mixed)) == sum(16 + len(frame) for frame in mixed if len(frame) > 600)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, 12 + len(body)) + body + struct.pack(order + "I", 12 + len(body))


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_of_several_interfaces(order):
    """Of two links, two sections, blocks of other kinds among them, an option behind each packet."""
    kinds = ["ethernet", "cooked"]
    section = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)
    head = section + b"".join(block(1, struct.pack(order + "HHI", LINKS[kind][0], 0, 0), order) for kind in kinds)
    out = []
    count = 0
    for i, payload in enumerate(payloads(2, 1440)):
        if i % 40 == 0:
            out += [head, block(5, struct.pack(order + "IIIHHq", 0, 0, 0, 1, 4, 9), order)]
        (ip,) = datagrams(payload, i)
        frame = LINKS[kinds[i % 2]][1](ip)
        options = struct.pack(order + "HHIHH", 2, 4, 0, 0, 0)
        body = struct.pack(order + "IIIII", i % 2, 0, i, len(frame), len(frame)) + frame + bytes(-len(frame) % 4)
        out.append(block(6, body + options, order))
        count += len(out[-1])
    assert found(b"".join(out)) == count


def test_written_by_dpkt_as_pcapng():
    file = io.BytesIO()
    writer = dpkt.pcapng.Writer(file)
    for i, payload in enumerate(payloads()):
        (ip,) = datagrams(payload, i)
        writer.writepkt(LINKS["ethernet"][1](ip), 1.7e9 + i / 1000)
    assert found(file.getvalue()) > 0.95 * len(file.getvalue())


def test_unknown_packets_are_never_worse_than_zstd():
    """Columns that count, that stay, and that are noise; and packets of nothing but noise."""
    random = np.random.default_rng(1)
    rows = np.zeros((900, 700), np.uint8)
    rows[:, 100:200] = np.cumsum(random.integers(-2, 3, (900, 100)), axis=0)
    rows[:, 300:400] = random.integers(0, 256, (900, 100))
    rows[:, :4] = np.arange(900, dtype="<u4").view(np.uint8).reshape(-1, 4)
    for some in (rows, random.integers(0, 256, (200, 300), dtype=np.uint8)):
        frames = [LINKS["ethernet"][1](ip) for i, row in enumerate(some) for ip in datagrams(row.tobytes(), i)]
        data = pcap(frames)
        coded = lizip.compress(data)
        assert lizip.decompress(coded) == data
        assert len(coded) <= len(zstandard.compress(data, 19)) + 64


def test_cut_anywhere():
    """A capture that ends in a head, a frame, a fragment."""
    frames = [LINKS["ethernet"][1](ip) for i, p in enumerate(payloads(1, 900)) for ip in datagrams(p, i, 800)]
    data = pcap(frames)
    for stop in (0, 10, 24, 30, 40, 60, 100, 900, len(data) // 2, len(data) - 500, len(data) - 1):
        part = data[:stop]
        assert lizip.decompress(lizip.compress(part, level="fast")) == part
    assert found(data[: 2 * len(data) // 3]) > 0.6 * len(data)


@cache
def cooked() -> bytes:
    """A capture with fragments."""
    return pcap([LINKS["cooked"][1](ip) for i, p in enumerate(payloads(1, 400)) for ip in datagrams(p, i, 800)], 113)


@given(st.data())
@settings(max_examples=60)
def test_any_bytes_are_taken_apart_and_put_together(data):
    capture: Any = bytearray(cooked())
    for _ in range(data.draw(st.integers(0, 6))):
        capture[data.draw(st.integers(4, len(capture) - 1))] = data.draw(st.integers(0, 255))
    capture = bytes(capture[: data.draw(st.integers(4, len(capture)))])
    assert b"".join(part.data for part in parts_of(capture)) == capture
