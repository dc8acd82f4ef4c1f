import { useEffect, useState } from "preact/hooks";
import { OUTSIDE, portWords, type Connection, type End } from "./ends";

const RADIUS = 10;

/** The size of the drawing. On a narrow screen it is narrow too, and names are below their points. */
interface Measures {
  width: number;
  height: number;
  /** The space for names on either side. */
  side: number;
  narrow: boolean;
}

const NARROW = window.matchMedia("(max-width: 820px)");

function useMeasures(ends: number): Measures {
  const [narrow, setNarrow] = useState(NARROW.matches);
  useEffect(() => {
    const follow = () => setNarrow(NARROW.matches);
    NARROW.addEventListener("change", follow);
    return () => NARROW.removeEventListener("change", follow);
  }, []);
  const height = Math.max(380, Math.min(600, ends * 34));
  return narrow ? { width: 380, height, side: 62, narrow } : { width: 640, height, side: 175, narrow };
}

/** The connections as lines between points on a circle, like courses on a sea chart. */
export function Graph(props: {
  ends: readonly End[];
  connections: readonly Connection[];
  chosen: { from: string; to: string } | null;
  choose: (pair: { from: string; to: string }) => void;
}) {
  const { ends, connections, chosen, choose } = props;
  const measures = useMeasures(ends.length);
  const { width, height, narrow } = measures;
  const points = place(ends, measures);
  return (
    <figure class="graph">
      <svg viewBox={`0 0 ${width} ${height}`} role="group" aria-label="Allowed connections; the table shows the same">
        <defs>
          <marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto-start-reverse">
            <path d="M0 0.800 7.500 4 0 7.200z" />
          </marker>
          <marker id="head-every" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="10" markerHeight="10" markerUnits="userSpaceOnUse" orient="auto-start-reverse">
            <path d="M0 0.800 7.500 4 0 7.200z" />
          </marker>
          <marker id="head-chosen" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto-start-reverse">
            <path d="M0 0.800 7.500 4 0 7.200z" />
          </marker>
        </defs>
        {connections.map((connection) => {
          const from = points.get(connection.from.id);
          const to = points.get(connection.to.id);
          if (from === undefined || to === undefined) return null;
          const isChosen = chosen?.from === connection.from.id && chosen.to === connection.to.id;
          const words = portWords(connection.ports);
          const every = words === "all";
          const pair = { from: connection.from.id, to: connection.to.id };
          const path = course(from, to, measures);
          return (
            <g
              key={`${connection.from.id} ${connection.to.id}`}
              class={`course${every ? " every" : ""}${isChosen ? " chosen" : ""}`}
              role="button"
              tabindex={0}
              aria-pressed={isChosen}
              aria-label={`${connection.from.label} to ${connection.to.label}: ${words}`}
              onClick={() => choose(pair)}
              onKeyDown={(event) => {
                if (event.key !== "Enter" && event.key !== " ") return;
                event.preventDefault();
                choose(pair);
              }}
            >
              <path class="reach" d={path} />
              <path class="line" d={path} marker-end={`url(#${isChosen ? "head-chosen" : every ? "head-every" : "head"})`} />
              <title>{`${connection.from.label} → ${connection.to.label}: ${words}`}</title>
            </g>
          );
        })}
        {ends.map((end) => {
          const point = points.get(end.id);
          if (point === undefined) return null;
          const part = chosen?.from === end.id || chosen?.to === end.id;
          const left = point.x < width / 2 - 1;
          const middle = narrow || Math.abs(point.x - width / 2) < 30;
          const above = point.y < height / 2;
          return (
            <g key={end.id} class={`end${end === OUTSIDE ? " outside" : ""}${part ? " chosen" : ""}`} aria-hidden="true">
              <circle cx={point.x} cy={point.y} r={RADIUS} />
              <Name
                label={end.label}
                most={narrow ? 17 : 24}
                x={middle ? point.x : point.x + (left ? -RADIUS - 7 : RADIUS + 7)}
                y={middle ? point.y + (above ? -RADIUS - 8 : RADIUS + 18) : point.y + 4}
                anchor={middle ? "middle" : left ? "end" : "start"}
                grows={middle ? (above ? -1 : 1) : 0}
              />
              <title>{end.label}</title>
            </g>
          );
        })}
      </svg>
      <figcaption>Thin lines: some ports. Wide lines: every port. Select a line to see why.</figcaption>
    </figure>
  );
}

/** A name beside its point. A long name has two lines, with the namespace above. `grows` says in which direction they extend. */
function Name(props: { label: string; most: number; x: number; y: number; anchor: "start" | "middle" | "end"; grows: -1 | 0 | 1 }) {
  const { label, most, x, y, anchor, grows } = props;
  const behind = label.indexOf("/") + 1;
  const lines = label.length <= most || behind === 0 ? [label] : [label.slice(0, behind), label.slice(behind)];
  const first = y + (grows === 1 ? 0 : ((lines.length - 1) * LINE * (grows - 1)) / 2);
  return (
    <text text-anchor={anchor}>
      {lines.map((line, index) => (
        <tspan key={index} x={x} y={first + index * LINE}>
          {short(line, most)}
        </tspan>
      ))}
    </text>
  );
}

const LINE = 15;

interface Point {
  x: number;
  y: number;
}

/** Points on an ellipse, those of a namespace side by side, the outside at the top. */
function place(ends: readonly End[], { width, height, side }: Measures): Map<string, Point> {
  const ordered = [...ends].sort((a, b) => Number(b === OUTSIDE) - Number(a === OUTSIDE) || (a.id < b.id ? -1 : 1));
  const points = new Map<string, Point>();
  ordered.forEach((end, index) => {
    const angle = (index / ordered.length) * 2 * Math.PI - Math.PI / 2;
    points.set(end.id, { x: width / 2 + Math.cos(angle) * (width / 2 - side), y: height / 2 + Math.sin(angle) * (height / 2 - 52) });
  });
  return points;
}

/** A line that bends to the middle, so that the two directions are two lines. */
function course(from: Point, to: Point, { width, height }: Measures): string {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = Math.hypot(dx, dy) || 1;
  const bend = 14;
  const pull = 0.18;
  const middle = {
    x: (from.x + to.x) / 2 + (-dy / length) * bend + (width / 2 - (from.x + to.x) / 2) * pull,
    y: (from.y + to.y) / 2 + (dx / length) * bend + (height / 2 - (from.y + to.y) / 2) * pull,
  };
  const start = toward(from, middle, RADIUS + 2);
  const end = toward(to, middle, RADIUS + 4);
  return `M${start.x.toFixed(1)} ${start.y.toFixed(1)}Q${middle.x.toFixed(1)} ${middle.y.toFixed(1)} ${end.x.toFixed(1)} ${end.y.toFixed(1)}`;
}

function toward(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return { x: from.x + ((to.x - from.x) / length) * distance, y: from.y + ((to.y - from.y) / length) * distance };
}

function short(label: string, most: number): string {
  return label.length <= most ? label : `${label.slice(0, most - 1)}…`;
}
