"""X, Y and Z (docs/format/survey.md, Axes)."""

from __future__ import annotations

from second_reader.ans import Stream
from second_reader.survey.decisions import Model, coefficients, parameters, predicted, quarter_octave
from second_reader.survey.known import Known
from second_reader.survey.neighbours import NOWHERE, Grid

ORDERS = ((2, 1, 0), (2, 0, 1), (1, 0, 2), (0, 1, 2), (2, 0, 1), (0, 1, 2))
WIDTHS = (4, 8, 12)
BLOCK = 12500


class Scan:
    """Where the scan has been: pulses (three axes, clock), rates, errors."""

    def __init__(self):
        self.past = [[0.0] * 4 for _ in range(6)]
        self.since_gap = 0
        self.rates = [0.0] * 3
        self.swerves = [0.0, 0.0]
        self.errors = [0] * 3
        self.levels = [[256] * 16 for _ in range(3)]
        self.last = [0] * 4

    def passed(self, i: int, clock: float, same: int) -> tuple[bool, bool, float, float]:
        """Whether a point is of the same pulse, or after a gap; else pulses since the last, whole ones and the rest."""
        if i == 0:
            return False, True, 0.0, 0.0
        if same:
            return True, False, 0.0, 0.0
        elapsed = clock - self.past[-1][3]
        if not abs(elapsed) <= 6.0:
            return False, True, 0.0, 0.0
        step = float(round(elapsed))
        if step == 0.0:
            step = 1.0 if elapsed >= 0 else -1.0
        return False, False, step, elapsed - step

    def update_rates(self, gap: bool) -> int:
        """Change of each axis in a pulse; returns how many pulses without a gap there are."""
        lags = min(self.since_gap, 5)
        new, old = self.past[-1], self.past[-1 - lags]
        span = new[3] - old[3]
        scale = 1.0 / span if lags > 0 and abs(span) >= 0.5 else 0.0
        self.rates = [(new[axis] - old[axis]) * scale for axis in range(3)]
        return 0 if gap else lags

    def swerve(self, axis: int, lags: int) -> float:
        """How the last move differed from the rate."""
        if lags == 0:
            return 0.0
        new, old = self.past[-1], self.past[-2]
        return new[axis] - old[axis] - self.rates[axis] * (new[3] - old[3])

    def remember(self, i: int, kind: int, same: bool, gap: bool, point: list[int], clock: float) -> None:
        """Add a point; the last of a pulse stands for it."""
        self.last[kind] = i
        if not same:
            self.since_gap = 0 if gap else self.since_gap + 1
            self.past.append([0.0, 0.0, 0.0, clock])
        self.past[-1][:3] = map(float, point)


def _token(x: int, scale: int) -> int:
    return min(max((2 * x) >> scale, -7), 7) + 7


class Axes:
    """The models of a chunk's axes, in the order in which they are coded."""

    def __init__(self, stream: Stream, known: Known, tops: list[int]):
        order, unmixed, near, across = parameters(stream, 4)
        self.order, self.unmixed = ORDERS[order], bool(unmixed)
        self.tops = [tops[axis] for axis in self.order]
        self.near, self.across = (Grid(shift) if shift >= 0 else None for shift in (near, across))
        self.widths = [w + 4 * (g is not None) for w, g in zip(WIDTHS, (self.near, None, self.across), strict=True)]
        blocks = -(-known.count // BLOCK)
        self.factors = [coefficients(stream, blocks, 4 * width) for width in self.widths]
        self.model, self.scan = Model(stream, 3, 512), Scan()
        self.planes: list[list[int]] = [[], [], []]
        self.centres = [2.0 / max(top, 1) for top in self.tops[1:]]
        points = zip(known.clock.tolist(), known.same_pulse.tolist(), known.kinds.tolist(), strict=True)
        for i, (clock, same, kind) in enumerate(points):
            self._point(i, clock, same, kind)

    def in_file_order(self) -> list[list[int]]:
        """X, Y, Z."""
        return [self.planes[self.order.index(axis)] for axis in range(3)]

    def _point(self, i: int, clock: float, same: int, kind: int) -> None:
        scan, planes = self.scan, self.planes
        same, gap, step, rest = scan.passed(i, clock, same)
        group = (i // BLOCK) * 4 + (0 if same else 3 if gap else 1 if kind == 0 else 2)
        state = kind + (4 if same else 8 if gap else 0)
        lags = scan.update_rates(gap)
        moves: list[float] = []
        for axis in range(3):
            base = float(planes[axis][i - 1]) if i else 0.0
            swept = base + step * scan.rates[axis]
            found = self._search(axis, i, step)
            features = self._features(axis, i, (kind, base, step, rest, same, lags), moves)
            if found:
                features += [float(planes[axis][j]) - base if j >= 0 else 0.0 for _, j in found]
            width = self.widths[axis]
            guess = base + predicted(self.factors[axis], group * width, features, width)
            distance, nearest = found[0] if found else (NOWHERE, -1)
            opinion = swept if axis == 1 else float(planes[axis][nearest]) if nearest >= 0 else base
            close = min(quarter_octave(min(distance, 1 << 40)) >> 2, 14) if nearest >= 0 else 15
            hint = int(step) & 7 if axis == 1 else close
            planes[axis].append(self._number(axis, guess, state, opinion, swept if axis == 2 else base, hint))
            moves.append(float(planes[axis][i]) - base)
        point = [plane[i] for plane in planes]
        scan.remember(i, kind, same, gap, point, clock)
        if self.near:
            self.near.insert(point[1], point[2], i)
        if self.across:
            self.across.insert(point[0], point[1], i)

    def _search(self, axis: int, i: int, step: float) -> list[tuple[int, int]]:
        planes = self.planes
        if axis == 0 and self.near:
            b, c = (self._expected(k, i, step) for k in (1, 2))
            return self.near.search(planes[1], planes[2], b, c, i - 30)
        if axis == 2 and self.across:
            return self.across.search(planes[0], planes[1], planes[0][i], planes[1][i], i)
        return []

    def _expected(self, axis: int, i: int, step: float) -> int:
        before = float(self.planes[axis][i - 1]) if i else 0.0
        return int(min(max(before + step * self.scan.rates[axis], 0.0), float(self.tops[axis])))

    def _features(self, axis: int, i: int, at: tuple, moves: list[float]) -> list[float]:
        kind, base, step, rest, same, lags = at
        scan, rates = self.scan, self.scan.rates
        if axis == 0:
            alike = float(self.planes[0][scan.last[kind]]) if i else 0.0
            before = scan.past[-2][0] - base if lags > 0 else 0.0
            return [step * rates[0], 1.0 if same else step, alike - base, before]
        place = base * self.centres[axis - 1] - 1.0
        if axis == 1:
            scan.swerves = [scan.swerve(1, lags), scan.swerve(0, lags)]
            features = [moves[0], step, step * rates[1], step * rates[0], rest, moves[0] * place]
            return features + scan.swerves
        features = [moves[0], moves[1], step, step * rates[2], step * rates[1], step * rates[0], rest]
        return [*features, moves[0] * place, scan.swerve(2, lags), *scan.swerves, 1.0]

    def _number(self, axis: int, guess: float, state: int, opinion: float, other: float, hint: int) -> int:
        scan, levels = self.scan, self.scan.levels
        guess = min(max(guess, 0.0), float(self.tops[axis]))
        centre = round(guess)
        fast, slow, own = levels[axis][0], levels[axis][1], levels[axis][4 + state]
        expected = (3 * own + 2 * fast + slow) // 6
        scale = (expected >> 4).bit_length()
        part = int((guess - float(centre) + 0.5) * 6.0 // 1) if scale < 3 else 0
        prior = 0
        for k in range(axis - 1, -1, -1):
            token = _token(scan.errors[k], (levels[k][0] >> 4).bit_length())
            prior = prior * 16 + token + (k == axis - 1)
        agreement = _token(round(opinion) - centre, scale) * 16 + _token(round(other) - centre, scale)
        coarse = min(scale, 15)
        keys = (
            (quarter_octave(expected) * 12 + state) * 8 + part,
            agreement * 16 + coarse,
            (prior * 16 + hint) * 16 + coarse,
        )
        rows = [self.model.row(axis * 3 + k, key) for k, key in enumerate(keys)]
        error = self.model.number(rows, axis * 16 + min(scale, 7) * 2 + (state == 0), scale, self.unmixed)
        scan.errors[axis] = error
        size = min(abs(error), 1 << 40) << 4
        levels[axis][0] += (min(size, 8 * fast + 512) - fast) >> 2
        levels[axis][1] += (min(size, 8 * slow + 512) - slow) >> 6
        levels[axis][4 + state] += (min(size, 8 * own + 512) - own) >> 4
        return centre + error
