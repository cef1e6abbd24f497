// Goodput against load as an SVG of its own: no script, no font, readable on light and on dark.

export interface Curve {
  readonly title: string;
  /** Both as shares of the capacity, in the order of the load. */
  readonly points: readonly { readonly load: number; readonly goodput: number }[];
}

const size = { width: 640, height: 300 };
const plot = { left: 56, top: 28, right: 508, bottom: 244 };
const most = { load: 5, goodput: 1.1 };

const x = (load: number): number => round(plot.left + (load / most.load) * (plot.right - plot.left));
const y = (goodput: number): number =>
  round(plot.bottom - (goodput / most.goodput) * (plot.bottom - plot.top));

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** @param curves two; the first is drawn as the one that matters */
export function drawOverload(curves: readonly Curve[]): string {
  const lines = [
    ...[0, 0.25, 0.5, 0.75, 1].map(
      (share) =>
        `<path class="${share === 1 ? "capacity" : "grid"}" d="M${plot.left} ${y(share)}H${plot.right}"/>` +
        `<text x="${plot.left - 8}" y="${y(share) + 4}" text-anchor="end">${share * 100}%</text>`,
    ),
    ...[0, 1, 2, 3, 4, 5].map(
      (load) => `<text x="${x(load)}" y="${plot.bottom + 20}" text-anchor="middle">${load}x</text>`,
    ),
    `<text x="${(plot.left + plot.right) / 2}" y="${plot.bottom + 42}" text-anchor="middle">load offered, as a multiple of what the backend can do</text>`,
    `<text x="${plot.left - 40}" y="14">answers in time, as a share of what the backend can do</text>`,
    ...curves.map(drawCurve),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="title">
<title id="title">${describe(curves)}</title>
<style>
text{font:12px system-ui,sans-serif;fill:#59636e}
path{fill:none}
.grid{stroke:#d1d9e0;stroke-width:1}
.capacity{stroke:#59636e;stroke-width:1;stroke-dasharray:4 4}
.first{stroke:#1a7f37;stroke-width:2.5}.first-text{fill:#1a7f37;font-weight:600}
.second{stroke:#cf222e;stroke-width:2.5}.second-text{fill:#cf222e;font-weight:600}
@media(prefers-color-scheme:dark){text{fill:#9198a1}.grid{stroke:#3d444d}.capacity{stroke:#9198a1}
.first{stroke:#3fb950}.first-text{fill:#3fb950}.second{stroke:#f85149}.second-text{fill:#f85149}}
</style>
${lines.join("\n")}
</svg>
`;
}

function drawCurve({ title, points }: Curve, index: number): string {
  const name = index === 0 ? "first" : "second";
  const start = [{ load: 0, goodput: 0 }, ...points];
  const path = start.map(({ load, goodput }, i) => `${i === 0 ? "M" : "L"}${x(load)} ${y(goodput)}`).join("");
  const last = start.at(-1) ?? { load: 0, goodput: 0 };
  return (
    `<path class="${name}" d="${path}" stroke-linejoin="round"/>` +
    `<text class="${name}-text" x="${x(last.load) + 8}" y="${y(last.goodput) + 4}">${title}</text>`
  );
}

function describe(curves: readonly Curve[]): string {
  const parts = curves.map(({ title, points }) => {
    const last = points.at(-1);
    return last === undefined
      ? title
      : `${title}: ${Math.round(100 * last.goodput)} % at ${last.load} times the capacity`;
  });
  return `Goodput under overload. ${parts.join("; ")}`;
}
