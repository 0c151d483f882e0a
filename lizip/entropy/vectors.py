"""The steps of mixing that take all inputs at a time, whatever their number; inputs come as tuples."""

from __future__ import annotations

import numpy as np

from lizip.jit import late, vectorised

v = late("lizip.vectors")


def stride_of(inputs: int) -> int:
    """Weights in a set for so many inputs, those that fill up a vector included."""
    return 1 << (inputs - 1).bit_length()


def _runs(inputs: int) -> list[tuple[int, int]]:
    """Lanes and first input of each vector that they are taken in: all in one, but where a vector does not pay."""
    stride = stride_of(inputs)
    return [(stride, 0)] if stride > 2 else [(1, k) for k in range(inputs)]


def _first(typing, places, like):
    def spell(context, builder, signature, arguments):
        return v.tuple_of(builder, v.items(context, builder, places, arguments[0])[: len(like)])

    return v.types.UniTuple(v.types.int64, len(like))(places, like), spell


@vectorised(_first)
def first(places, like):
    """As many of the places as a tuple has items."""
    return places[: len(like)]


def _further(typing, places, by):
    def spell(context, builder, signature, arguments):
        moved = (builder.add(place, arguments[1]) for place in v.items(context, builder, places, arguments[0]))
        return v.tuple_of(builder, list(moved))

    return v.types.UniTuple(v.types.int64, len(places))(places, v.types.int64), spell


@vectorised(_further)
def further(places, by):
    """Places so much further on."""
    return tuple(np.int64(place) + np.int64(by) for place in places)


def _items_at(typing, array, places):
    def spell(context, builder, signature, arguments):
        whole, at = arguments
        found = (v.item(context, builder, array, whole, place) for place in v.items(context, builder, places, at))
        return v.tuple_of(builder, [builder.sext(each, v.I64) for each in found])

    return v.types.UniTuple(v.types.int64, len(places))(array, places), spell


@vectorised(_items_at)
def items_at(array, places):
    """Items of an array of signed numbers."""
    return tuple(np.int64(array[place]) for place in places)


def _logits_of(typing, counters, stretch):
    def spell(context, builder, signature, arguments):
        values = v.items(context, builder, counters, arguments[0])
        places = (builder.add(builder.ashr(value, v.I64(18)), v.I64(2048)) for value in values)
        logits = (v.item(context, builder, stretch, arguments[1], place) for place in places)
        return v.tuple_of(builder, [builder.sext(logit, v.I64) for logit in logits])

    return v.types.UniTuple(v.types.int64, len(counters))(counters, stretch), spell


@vectorised(_logits_of)
def logits_of(counters, stretch):
    """What counters say: stretch[(counter >> 18) + 2048]."""
    return tuple(np.int64(stretch[(counter >> 18) + 2048]) for counter in counters)


def _doubted(typing, logits, counters, confidence):
    def spell(context, builder, signature, arguments):
        said, values = (v.items(context, builder, *each) for each in ((logits, arguments[0]), (counters, arguments[1])))
        shares = (v.item(context, builder, confidence, arguments[2], builder.and_(each, v.I64(255))) for each in values)
        products = (builder.mul(x, builder.sext(share, v.I64)) for x, share in zip(said, shares, strict=True))
        return v.tuple_of(builder, [builder.ashr(product, v.I64(8)) for product in products])

    return v.types.UniTuple(v.types.int64, len(logits))(logits, counters, confidence), spell


@vectorised(_doubted)
def doubted(logits, counters, confidence):
    """Logits times what they are worth, confidence[decisions seen] in 1/256."""
    pairs = zip(logits, counters, strict=True)
    return tuple(np.int64(int(logit) * int(confidence[int(counter) & 255]) >> 8) for logit, counter in pairs)


def _weigh(typing, weights, sets, logits):
    def spell(context, builder, signature, arguments):
        array, at, inputs = arguments
        inputs, places = v.items(context, builder, logits, inputs), v.items(context, builder, sets, at)
        total = v.I64(0)
        for lanes, first in _runs(len(inputs)):
            weight = v.constant(0, lanes)
            for place in places:
                one = v.pointer(context, builder, weights, array, builder.add(place, v.I64(first)))
                weight = builder.add(weight, v.load(builder, one, lanes))
            x = v.gathered(builder, inputs[first : first + lanes], lanes)
            product = builder.mul(v.widened(builder, weight, v.I64), v.widened(builder, x, v.I64))
            total = builder.add(total, v.total(builder, product))
        return total

    return v.types.int64(weights, sets, logits), spell


@vectorised(_weigh)
def weigh(weights, sets, logits):
    """Sum of the logits, each times the sum of its weights in all sets; `sets` holds where they begin."""
    return np.int64(sum(int(x) * sum(int(weights[at + k]) for at in sets) for k, x in enumerate(logits)))


def _learn(typing, weights, sets, error, rate, logits):
    def spell(context, builder, signature, arguments):
        array, at, error, rate, inputs = arguments
        inputs, places = v.items(context, builder, logits, inputs), v.items(context, builder, sets, at)
        for lanes, first in _runs(len(inputs)):
            rates = v.gathered(builder, [rate] * lanes, lanes)
            half = builder.lshr(builder.shl(v.constant(1, lanes), rates), v.constant(1, lanes))
            errors = v.gathered(builder, [error] * lanes, lanes)
            product = builder.mul(v.gathered(builder, inputs[first : first + lanes], lanes), errors)
            step = builder.ashr(builder.add(product, half), rates)
            for place in places:
                one = v.pointer(context, builder, weights, array, builder.add(place, v.I64(first)))
                v.store(builder, builder.add(v.load(builder, one, lanes), step), one)
        return context.get_dummy_value()

    return v.types.void(weights, sets, v.types.int64, v.types.int64, logits), spell


@vectorised(_learn)
def learn(weights, sets, error, rate, logits):
    """Add logit * error / 2**rate, rounded, to each weight of each set."""
    half = 1 << int(rate) >> 1
    for k, x in enumerate(logits):
        for at in sets:
            weights[at + k] += (int(x) * int(error) + half) >> int(rate)


def _move(typing, counters, places, values, rates, target, limit):
    def spell(context, builder, signature, arguments):
        array, at, before, table, target, limit = arguments
        at, before = v.items(context, builder, places, at), v.items(context, builder, values, before)
        seen = (builder.and_(each, v.I64(255)) for each in before)
        shares = [builder.zext(v.item(context, builder, rates, table, each), v.I64) for each in seen]
        for lanes, first in _runs(len(at)):
            counter = v.gathered(builder, before[first : first + lanes], lanes)
            rate = v.gathered(builder, shares[first : first + lanes], lanes)
            value = builder.ashr(counter, v.constant(8, lanes))
            away = builder.sub(v.gathered(builder, [target] * lanes, lanes), value)
            product = builder.mul(v.widened(builder, away, v.I64), v.widened(builder, rate, v.I64))
            step = builder.ashr(product, v.constant(16, lanes, v.I64))
            value = builder.add(value, v.narrowed(builder, step, v.I32))
            seen = builder.add(builder.and_(counter, v.constant(255, lanes)), v.constant(1, lanes))
            most = v.gathered(builder, [limit] * lanes, lanes)
            seen = builder.select(builder.icmp_signed("<", seen, most), seen, most)
            counter = builder.or_(builder.shl(value, v.constant(8, lanes)), seen)
            for lane, place in enumerate(at[first : first + lanes]):
                moved = builder.extract_element(counter, v.I32(lane))
                builder.store(moved, v.pointer(context, builder, counters, array, place))
        return context.get_dummy_value()

    return v.types.void(counters, places, values, rates, v.types.int64, v.types.int64), spell


@vectorised(_move)
def move(counters, places, values, rates, target, limit):
    """Move counters, whose values are given, towards `target` (-2**21 or 2**21 - 1); their counts go one up."""
    for place, counter in zip(places, map(int, values), strict=True):
        value = (counter >> 8) + ((int(target) - (counter >> 8)) * int(rates[counter & 255]) >> 16)
        counters[place] = value << 8 | min((counter & 255) + 1, int(limit))
