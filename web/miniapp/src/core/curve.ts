// Where the points of a charging curve lie on a small canvas. Drawing itself is four lines in ui/Curve.vue.
export interface Sample {
  /** Epoch milliseconds. */
  at: number;
  powerW: number;
  socPct: number;
}
export interface Box {
  width: number;
  height: number;
}
export interface Drawing {
  line: { x: number; y: number }[];
  /** Marks of the power axis, from the bottom. */
  marks: { y: number; text: string }[];
  from: number;
  until: number;
}

const PAD = { left: 34, right: 8, top: 10, bottom: 18 };
const MOST_POINTS = 240;

/** The next round number of kW at or above: 1, 2, 5 and their tens. */
export function niceTop(kw: number): number {
  const scale = 10 ** Math.floor(Math.log10(Math.max(kw, 0.1)));
  const step = [1, 2, 3, 5, 8, 10].find((one) => one * scale >= kw) ?? 10;
  return Number((step * scale).toPrecision(3));
}

/** At most so many points: of neighbours the one with the highest power stays, so that no peak is lost. */
export function thin(samples: Sample[], most = MOST_POINTS): Sample[] {
  if (samples.length <= most) return samples;
  const group = Math.ceil(samples.length / most);
  const kept: Sample[] = [];
  for (let start = 0; start < samples.length; start += group) {
    kept.push(samples.slice(start, start + group).reduce((best, one) => (one.powerW > best.powerW ? one : best)));
  }
  return kept;
}

/** Samples in the order of their moments, each moment once; a later word about a moment counts. */
export function ordered(samples: Sample[]): Sample[] {
  const byMoment = new Map(samples.map((sample) => [sample.at, sample]));
  return [...byMoment.values()].sort((one, other) => one.at - other.at);
}

export function drawing(samples: Sample[], box: Box): Drawing | null {
  const shown = thin(ordered(samples));
  const [first, last] = [shown[0], shown[shown.length - 1]];
  if (!first || !last) return null;
  const top = niceTop(Math.max(...shown.map((sample) => sample.powerW)) / 1000);
  const span = Math.max(last.at - first.at, 60_000);
  const [w, h] = [box.width - PAD.left - PAD.right, box.height - PAD.top - PAD.bottom];
  const y = (kw: number) => PAD.top + h - (kw / top) * h;
  const text = (kw: number) => String(Number(kw.toFixed(kw < 1 ? 2 : 1)));
  return {
    line: shown.map((sample) => ({ x: PAD.left + ((sample.at - first.at) / span) * w, y: y(sample.powerW / 1000) })),
    marks: [0, top / 2, top].map((kw) => ({ y: y(kw), text: text(kw) })),
    from: first.at,
    until: first.at + span,
  };
}
