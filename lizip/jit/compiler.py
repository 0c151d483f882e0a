"""From a kernel to an object file: numba types and lowers it, LLVM optimises it for a processor.

numba's own compilation runs what it makes in the process that made it: large addresses, pointers to Python objects,
code for this very processor. Here it stops at LLVM's unoptimised language, which holds for every processor of 64 bits;
everything after is one call per processor.

The only module that touches numba's inside; the attributes used are there from numba 0.61 on.
"""

from __future__ import annotations

import os
import re
from functools import cached_property
from typing import Any, NamedTuple

import llvmlite.binding as llvm
from numba.core import types
from numba.core.codegen import AOTCodeLibrary, AOTCPUCodegen
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import CPUDispatcher, CPUTarget, cpu_target
from numba.core.typing.templates import Signature
from numba.core.typing.typeof import typeof
from numba.extending import intrinsic, typeof_impl

from lizip.jit import Kernel, Vectorised, abi, objects

_RUNTIME = frozenset({"memcpy", "memmove", "memset"})
"""What LLVM may call for loops over memory; every process has these."""

_ROOT = re.compile(r"@sqrt(f?)\(")
"""The C library's square root, which is the processor's, but for a note that nobody reads when it is of less than 0."""


class Processor(NamedTuple):
    """What code is made for, in LLVM's words."""

    triple: str
    name: str
    features: str


class Lowered(NamedTuple):
    """A kernel in LLVM's language, before any optimisation.

    Attributes
    ----------
    text : str
    symbol : str
        Name of the function that is called from outside, with a block (see `abi`).
    returns : str
        See `abi.entry`.
    """

    text: str
    symbol: str
    returns: str


def host() -> Processor:
    """This machine, or what NUMBA_CPU_NAME and NUMBA_CPU_FEATURES say of it."""
    name = os.environ.get("NUMBA_CPU_NAME") or llvm.get_host_cpu_name()
    flags = ",".join(f"{'+' if on else '-'}{feature}" for feature, on in sorted(objects.features().items()))
    return Processor(llvm.get_process_triple(), name, os.environ.get("NUMBA_CPU_FEATURES", flags))


class _Library(AOTCodeLibrary):
    """Leaves what numba lowered as it is."""

    def _optimize_functions(self, module: Any) -> None:
        module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        pass

    def module(self) -> llvm.ModuleRef:
        """The kernel with all it calls."""
        with global_compiler_lock:
            self._ensure_finalized()
        return self._final_module


class _Codegen(AOTCPUCodegen):
    _library_class = _Library


class _Target(CPUTarget):
    """Typing as everywhere in numba, code through `_Codegen`."""

    @property
    def typing_context(self) -> Any:
        return cpu_target.typing_context

    @cached_property
    def _lowering_context(self) -> Any:
        return cpu_target.target_context.subtarget(_internal_codegen=_Codegen("lizip"), aot_mode=True)

    @property
    def target_context(self) -> Any:
        return self._lowering_context


class _Dispatcher(CPUDispatcher):
    """A kernel as numba sees it: called by other kernels, never run by itself."""

    targetdescr = _Target("cpu")

    def __init__(self, kernel: Kernel) -> None:
        options = {"nopython": True, "error_model": "numpy", "nogil": True, "boundscheck": None, "_nrt": False}
        options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "forceinline": kernel.inlined}
        super().__init__(kernel.py_func, targetoptions=options)
        self._compiler._customize_flags = self._stop_early

    @staticmethod
    def _stop_early(flags: Any) -> Any:
        flags.no_compile = True
        return flags

    def add_overload(self, cres: Any) -> None:
        cres = cres._replace(entry_point=cres.fndesc)
        self.targetctx.insert_user_function(cres.entry_point, cres.fndesc, [cres.library])
        self.overloads[tuple(cres.signature.args)] = cres


@typeof_impl.register(Kernel)
def _type_of_kernel(kernel: Kernel, _: Any) -> types.Type:
    return types.Dispatcher(_dispatcher_of(kernel))


@typeof_impl.register(Vectorised)
def _type_of_vectorised(function: Vectorised, _: Any) -> types.Type:
    if not hasattr(function, "spelled"):
        function.spelled = intrinsic(function.declare)
        cpu_target.typing_context.refresh()
    return cpu_target.typing_context.resolve_value_type(function.spelled)


def _dispatcher_of(kernel: Kernel) -> _Dispatcher:
    if not hasattr(kernel, "dispatcher"):
        kernel.dispatcher = _Dispatcher(kernel)
    found: _Dispatcher = kernel.dispatcher
    return found


def lower(kernel: Kernel, arguments: tuple[Any, ...], flat: list[abi.Argument]) -> Lowered:
    """Let numba type and lower a kernel for arguments like these, which `abi.layout` says flat."""
    dispatcher, of_arguments = _dispatcher_of(kernel), tuple(map(typeof, arguments))
    dispatcher.compile(of_arguments)
    made = dispatcher.overloads[of_arguments]
    module, returns = made.library.module(), _returns(made.signature)
    called = module.get_function(made.fndesc.llvm_func_name)
    kinds = [str(argument.type) for argument in called.arguments]
    return Lowered(f"{module}\n{entry_text(called.name, kinds, returns, flat)}", _ENTRY, returns)


_ENTRY = "lizip_entry"


def entry_text(called: str, kinds: list[str], returns: str, flat: list[abi.Argument]) -> str:
    """Spell out the function that takes a block apart and calls the kernel; see `abi`.

    Parameters
    ----------
    called : str
    kinds : list of str
        Types of the kernel's arguments in LLVM's words: of result, exception and of each in `flat`.
    returns : str
        See `abi.entry`.
    flat : list of Argument
    """
    block = "ptr" if kinds[0] == "ptr" else "i64*"  # pointers had types before LLVM 15
    lines = [f"define i32 @{_ENTRY}({block} %block) {{"]
    result, first = 1, 1 + abi.result_size(returns) // 8
    places = sorted({place for argument in flat for place in argument.places})
    for name, at in (("exception", 0), ("result", result), *((f"s{place}", first + place) for place in places)):
        lines.append(f"  %{name}.at = getelementptr i64, {block} %block, i64 {at}")
    for name, kind in (("result", kinds[0]), ("exception", kinds[1])):
        lines.append(f"  %{name} = bitcast {block} %{name}.at to {kind}")
    for place in places:
        lines.append(f"  %s{place} = load i64, {block} %s{place}.at")
    given = [f"{kinds[0]} %result", f"{kinds[1]} %exception"]
    for k, (kind, argument) in enumerate(zip(kinds[2:], flat, strict=True)):
        lines.append(f"  %p{k}.0 = add i64 0, {argument.constant}")
        for j, place in enumerate(argument.places):
            lines.append(f"  %p{k}.{j + 1} = mul i64 %p{k}.{j}, %s{place}")
        lines += _converted(f"%p{k}.{len(argument.places)}", kind, f"%a{k}")
        given.append(f"{kind} %a{k}")
    lines += [f'  %status = call i32 @"{called}"({", ".join(given)}) noinline', "  ret i32 %status", "}"]
    return "\n".join(lines)


def _converted(value: str, kind: str, name: str) -> list[str]:
    """Take 8 bytes for a value of another type."""
    if kind == "i64":
        return [f"  {name} = add i64 0, {value}"]
    if kind == "double":
        return [f"  {name} = bitcast i64 {value} to double"]
    if kind == "float":
        return [f"  {name}.bits = trunc i64 {value} to i32", f"  {name} = bitcast i32 {name}.bits to float"]
    return [f"  {name} = {'trunc' if kind[0] == 'i' and kind[-1] != '*' else 'inttoptr'} i64 {value} to {kind}"]


def _returns(signature: Signature) -> str:
    kind = signature.return_type
    if kind == types.none:
        return ""
    if isinstance(kind, types.BaseTuple) and not isinstance(kind, types.BaseNamedTuple):
        return f"({''.join(map(_letter, kind))})"
    return _letter(kind)


def _letter(kind: types.Type) -> str:
    kind = types.unliteral(kind)
    if kind == types.boolean:
        return "?"
    if isinstance(kind, types.Float):
        return {32: "f", 64: "d"}[kind.bitwidth]
    if not isinstance(kind, types.Integer):
        raise TypeError(f"a kernel returns numbers and tuples of them, not {kind}")
    letter = {8: "b", 16: "h", 32: "i", 64: "q"}[kind.bitwidth]
    return letter if kind.signed else letter.upper()


def emit(lowered: Lowered, symbol: str, processor: Processor) -> bytes:
    """Optimise a kernel for a processor; returns an object file in which it is called `symbol`.

    Float operations are kept one by one as they are written: neither reassociated nor fused.
    """
    target = llvm.Target.from_triple(processor.triple)
    machine = target.create_target_machine(
        cpu=processor.name, features=processor.features, opt=3, reloc="pic", codemodel="default"
    )
    module = llvm.parse_assembly(_ROOT.sub(lambda match: f"@llvm.sqrt.f{'32' if match[1] else '64'}(", lowered.text))
    module.triple, module.data_layout = processor.triple, str(machine.target_data)
    for part in (*module.functions, *module.global_variables):
        if not part.is_declaration:
            part.linkage = "internal"
    entry = module.get_function(lowered.symbol)
    entry.linkage, entry.name = "external", symbol
    _optimise(module, machine)
    code: bytes = machine.emit_object(module)
    if others := sorted(objects.outside(code) - _RUNTIME):
        raise TypeError(f"{symbol} calls what is no kernel: {', '.join(name[:60] for name in others)}")
    return code


def _optimise(module: llvm.ModuleRef, machine: llvm.TargetMachine) -> None:
    """Run LLVM's passes as numba does: first those that bring loops into the form its vectoriser knows, then all."""
    for level, first in ((0, True), (3, False)):
        options = llvm.create_pipeline_tuning_options(level)
        options.loop_vectorization = options.slp_vectorization = not first
        builder = llvm.create_pass_builder(machine, options)
        passes = builder.getModulePassManager()
        if first:
            passes.add_loop_rotate_pass()
            passes.add_instruction_combine_pass()
            passes.add_jump_threading_pass()
        passes.run(module, builder)
