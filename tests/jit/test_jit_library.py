"""Libraries of kernels: linked here, loaded by the system; code of 64-bit ARM by what its instructions mean."""

import ctypes
import platform
import struct

import pytest

from lizip.jit import DISABLED, elf, library, machines

pytestmark = pytest.mark.skipif(DISABLED, reason="kernels run in plain Python")

needs_linux = pytest.mark.skipif(platform.system() != "Linux", reason="libraries are Linux's")

SQUARES = """
@table = internal constant [4 x i64] [i64 0, i64 1, i64 4, i64 9]
@place = internal constant ptr getelementptr ([4 x i64], ptr @table, i64 0, i64 3)
declare ptr @memset(ptr, i32, i64)
define i32 @{name}(ptr %block) {{
  %number.at = getelementptr i64, ptr %block, i64 2
  %number = load i64, ptr %number.at
  %known = getelementptr [4 x i64], ptr @table, i64 0, i64 %number
  %square = load i64, ptr %known
  %last.at = load volatile ptr, ptr @place
  %last = load i64, ptr %last.at
  %sum = add i64 %square, %last
  %result = getelementptr i64, ptr %block, i64 1
  %filled = call ptr @memset(ptr %result, i32 {filled}, i64 8)
  %cleared = load i64, ptr %result
  %total = add i64 %sum, %cleared
  store i64 %total, ptr %result
  ret i32 0
}}
"""
"""A kernel with constants, an address among them, and a function that others define."""


def compiled(identity: str, filled: int, triple: str = "", text: str = SQUARES) -> bytes:
    llvm = pytest.importorskip("llvmlite.binding")
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(triple or llvm.get_process_triple())
    machine = target.create_target_machine(reloc="pic", codemodel="default", opt=1)
    try:
        module = llvm.parse_assembly(text.format(name=library.symbol_of(identity), filled=filled))
    except RuntimeError:
        pytest.skip("LLVM is older than pointers without a type")
    module.triple = triple or llvm.get_process_triple()
    return machine.emit_object(module)


def linked(triple: str = "", numbers: int = 3) -> bytes:
    kernels = {f"{k:032x}": ("q" * k, compiled(f"{k:032x}", k, triple)) for k in range(numbers)}
    return library.link(kernels)


@needs_linux
def test_linked_kernels_run(tmp_path):
    path = tmp_path / "kernels.so"
    path.write_bytes(linked())
    loaded = ctypes.CDLL(str(path))
    assert ctypes.c_int64.in_dll(loaded, library.TOTAL).value == 3
    for k in range(3):
        place = ctypes.c_int64.in_dll(loaded, library.symbol_of(f"{k:032x}"))
        at = ctypes.addressof(place)
        assert ctypes.string_at(at + 8) == b"q" * k
        function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(at + place.value)
        block = (ctypes.c_int64 * 3)(0, -1, 2)
        assert function(block) == 0
        assert block[1] == 4 + 9 + 0x0101010101010101 * k
    with pytest.raises(ValueError, match="undefined"):
        ctypes.c_int64.in_dll(loaded, library.symbol_of(f"{9:032x}"))


@needs_linux
def test_constants_that_are_equal_are_there_once():
    one, two = linked(numbers=1), linked(numbers=2)
    table = struct.pack("<4q", 0, 1, 4, 9)
    assert one.count(table) == two.count(table) == 1


@needs_linux
def test_a_library_says_how_long_it_is():
    whole = linked()
    assert library.length(whole[:4096]) == len(whole)
    assert library.length(whole[:100]) == library.length(b"") == library.length(b"L" + whole[1:4096]) == -1


def test_what_no_kernel_has_is_refused():
    if platform.system() == "Linux":
        variable = SQUARES.replace("@table = internal constant", "@other = global i64 0\n@table = internal constant")
        with pytest.raises(ValueError, match="variables"):
            library.link({"0" * 32: ("", compiled("0" * 32, 1, text=variable))})
    with pytest.raises(ValueError, match="no object file"):
        elf.read(b"MZ" + bytes(100))
    for machine in machines.MACHINES.values():
        with pytest.raises(ValueError, match="relocations of kind 999"):
            machine.relocated(999, 0, 0, 0)


ARM = machines.MACHINES[183]


def page_of(instruction: int, here: int) -> int:
    """What an `adrp` at an address puts into its register."""
    assert instruction >> 24 & 0x9F == 0x90
    pages = instruction >> 29 & 3 | (instruction >> 5 & 0x7FFFF) << 2
    return ((here >> 12) + (pages ^ 1 << 20) - (1 << 20)) << 12


@pytest.mark.parametrize("meant", [0x10008, 0x7FFF0, 0x12345678, 0x20000])
@pytest.mark.parametrize("here", [0x10000, 0x7FFE4, 0x12300000])
def test_addresses_in_code_of_64_bit_arm(meant, here):
    low = meant & 0xFFF
    assert page_of(ARM.relocated(275, 0x90000010, meant, here), here) == meant - low
    assert ARM.relocated(277, 0x91000000, meant, here) == 0x91000000 | low << 10
    for kind, scale in ((278, 0), (284, 1), (285, 2), (286, 3)):
        assert ARM.relocated(kind, 0xF9400211, meant, here) == 0xF9400211 & ~0x3FFC00 | low >> scale << 10
    if abs(meant - here) < 1 << 27:
        step = ARM.relocated(283, 0x94000000, meant, here) & 0x3FFFFFF
        assert (step ^ 1 << 25) - (1 << 25) == (meant - here) // 4
    page, place, branch, _ = struct.unpack("<IIII", ARM.jump(here, meant))
    assert page_of(page, here) + (place >> 10 & 0xFFF) * 8 == meant
    assert (page & 31, place & 31, place >> 5 & 31, branch >> 5 & 31) == (16, 17, 16, 17)


def test_libraries_for_64_bit_arm_are_linked():
    made = linked("aarch64-unknown-linux-gnu")
    assert struct.unpack_from("<H", made, 18) == (183,)
    assert len(made) % (1 << 16) == 0
